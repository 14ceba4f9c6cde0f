"""Alerts that other tools raise here by their own webhooks, mapped as the configuration says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, model_validator

from watchkeeper.alerts.failure import AlertsFailure
from watchkeeper.alerts.received import Received
from watchkeeper.base.configuration import PathName, Section, Text, TokenSection
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.template import Function, Template, TemplateFailure

_ENDED = ("resolved", "ok", "up", "recovered", "closed", "normal", "cleared")
_FUNCTIONS = {
    "toLower": Function(str.lower, ("string",)),
    "toUpper": Function(str.upper, ("string",)),
    "default": Function(lambda fallback, value: value or fallback, ("any", "any")),
}


class InboundFailure(AlertsFailure):
    """A body that the mapping makes no alerts of; the text says where and why."""


def _template(text: str) -> str:
    try:
        Template.read("", text, _FUNCTIONS)
    except TemplateFailure as failure:
        raise ValueError(str(failure)) from None
    return text


TemplateText = Annotated[Text, AfterValidator(_template)]


class InboundSection(TokenSection):
    """One tool's webhook.

    `alertmanager` is the payload of Alertmanager's own webhook, which Grafana sends as well. `json` is any other: each
    text is a template over one item; items are what `each` (keys, joined by dots) leads to, or the body itself where it
    is empty. An alert whose `status` is among `ended` (in any case) has ended, any other fires.
    """

    name: PathName
    format: Literal["alertmanager", "json"] = "json"
    tenant: Text = DEFAULT_TENANT
    each: Text = ""
    labels: Mapping[Text, TemplateText] = EMPTY
    annotations: Mapping[Text, TemplateText] = EMPTY
    status: TemplateText = ""
    ended: tuple[Text, ...] = _ENDED
    starts_at: TemplateText = ""
    generator_url: TemplateText = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.format == "json" and not self.labels.get("alertname"):
            raise ValueError("the mapping needs labels, an alertname among them")
        mapped = ("each", "labels", "annotations", "status", "starts_at", "generator_url")
        if self.format == "alertmanager" and (odd := [key for key in mapped if getattr(self, key)]):
            raise ValueError(f"the format alertmanager is mapped already: it has no {odd[0]}")
        return self


class InboundSections(Section):
    """The top level, as far as it is about other tools' alerts."""

    inbound: tuple[InboundSection, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        twice = [name for name, count in Counter(one.name for one in self.inbound).items() if count > 1]
        if twice:
            raise ValueError(f'there are two inbound webhooks "{twice[0]}": names must differ')
        return self


class Inbound:
    """One mapping, ready for use."""

    def __init__(self, section: InboundSection) -> None:
        self.section = section
        self._templates: dict[str, Template] = {}

    def alerts(self, body: object, now: int) -> list[Received]:
        """The alerts in a body (decoded JSON); those that have ended end `now` (ms). Raises InboundFailure."""
        if self.section.format == "alertmanager":
            return _of_alertmanager(body, now)
        return [self._received(item, f"{self.section.each or 'body'}[{i}]", now) for i, item in self._items(body)]

    def _items(self, body: object) -> list[tuple[int, object]]:
        found, seen = body, "the body"
        for key in filter(None, self.section.each.split(".")):
            if not isinstance(found, Mapping) or key not in found:
                raise InboundFailure(f'{seen} has no "{key}", to which `each` of inbound "{self.section.name}" leads')
            found, seen = cast("Mapping[str, object]", found)[key], f'"{key}"'
        items = cast("list[object]", found) if isinstance(found, list) else [found]
        return list(enumerate(items))

    def _received(self, item: object, where: str, now: int) -> Received:
        section = self.section
        labels = {name: self._text(text, item, f"{where}: label {name}") for name, text in section.labels.items()}
        if not labels.get("alertname"):
            raise InboundFailure(f"{where}: the label alertname is empty")
        annotations = {n: self._text(text, item, f"{where}: annotation {n}") for n, text in section.annotations.items()}
        status = self._text(section.status, item, f"{where}: status").strip().lower()
        starts_at = _time(self._text(section.starts_at, item, f"{where}: starts_at"), f"{where}: starts_at")
        ended = status in {one.lower() for one in section.ended}
        return Received(
            {name: value for name, value in labels.items() if value},
            annotations,
            starts_at,
            now if ended else None,
            self._text(section.generator_url, item, f"{where}: generator_url"),
        )

    def _text(self, text: str, item: object, where: str) -> str:
        if "{{" not in text:
            return text
        if (template := self._templates.get(text)) is None:
            template = self._templates[text] = Template.read("", text, _FUNCTIONS)
        try:
            rendered = template.render("", item)
        except TemplateFailure as failure:
            raise InboundFailure(f"{where}: {failure}") from None
        return rendered.replace("<no value>", "").strip()


def _of_alertmanager(body: object, now: int) -> list[Received]:
    alerts = cast("Mapping[str, Any]", body).get("alerts") if isinstance(body, Mapping) else None
    if not isinstance(alerts, list):
        raise InboundFailure('the body has no list of "alerts", as a webhook of Alertmanager has')
    return [_one_of_alertmanager(alert, f"alerts[{i}]", now) for i, alert in enumerate(cast("list[Any]", alerts))]


def _one_of_alertmanager(alert: object, where: str, now: int) -> Received:
    if not isinstance(alert, Mapping):
        raise InboundFailure(f"{where} should be a mapping")
    alert = cast("Mapping[str, object]", alert)
    labels = _texts(alert.get("labels"), f"{where}: labels")
    annotations = _texts(alert.get("annotations") or {}, f"{where}: annotations")
    ended = str(alert.get("status", "")).lower() == "resolved"
    starts_at = _time(str(alert.get("startsAt") or ""), f"{where}: startsAt")
    ends_at = _time(str(alert.get("endsAt") or ""), f"{where}: endsAt") if ended else None
    end = (ends_at if ends_at is not None and ends_at <= now else now) if ended else None
    return Received(labels, annotations, starts_at, end, str(alert.get("generatorURL") or ""))


def _texts(value: object, where: str) -> Mapping[str, str]:
    if isinstance(value, Mapping):
        texts = cast("Mapping[str, object]", value)
        if all(isinstance(text, str) for text in texts.values()):
            return cast("Mapping[str, str]", texts)
    raise InboundFailure(f"{where} should be a mapping of texts")


def _time(text: str, where: str) -> int | None:
    """An instant (ms): RFC 3339, or seconds or milliseconds since the epoch; None where there is none."""
    if not text or text.startswith("0001-"):
        return None
    try:
        if re.fullmatch(r"\d{9,13}(\.\d+)?", text):
            number = float(text)
            return round(number if number >= 1e11 else number * 1000)
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InboundFailure(f'{where}: "{text[:100]}" is no time: RFC 3339 would be right') from None


def inbounds(sections: Sequence[InboundSection]) -> Mapping[str, Inbound]:
    """Each mapping, by its name."""
    return {section.name: Inbound(section) for section in sections}
