"""The texts of one notification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

import yaml

from watchkeeper.notify.templating.data import FIRING, RESOLVED, Data
from watchkeeper.notify.templating.templates import Templates
from watchkeeper.template import TemplateFailure


class Rendering:
    """Renders templates over one notification's data; what goes wrong is gathered in `failures`."""

    def __init__(self, templates: Templates, data: Data) -> None:
        self.data = data
        self.failures: list[TemplateFailure] = []
        self._templates = templates

    def over(self, data: Data) -> Rendering:
        """The same over other data; failures are gathered in one list."""
        rendering = Rendering(self._templates, data)
        rendering.failures = self.failures
        return rendering

    def prose(self, template: str) -> str:
        """A text for people; where its template is wrong, a plain one that says so and tells of the alerts."""
        try:
            return self._templates.render(template, self.data)
        except TemplateFailure as failure:
            self.failures.append(failure)
            return plain_text(self.data, failure)

    def html(self, template: str) -> str:
        """HTML for people; where its template is wrong, a plain text instead."""
        try:
            return self._templates.render_html(template, self.data)
        except TemplateFailure as failure:
            self.failures.append(failure)
            return escape(plain_text(self.data, failure))

    def text(self, template: str) -> str:
        """A text for a machine (a name, a colour, an address); where its template is wrong, nothing."""
        try:
            return self._templates.render(template, self.data)
        except TemplateFailure as failure:
            self.failures.append(failure)
            return ""

    def nested(self, value: object) -> object:
        """A value whose texts, keys included, are templates; what they yield is read as YAML if it is more than text.

        So `{{ len .Alerts }}` becomes a number, and a text of JSON what it describes (Alertmanager's behaviour).
        """
        match value:
            case str():
                return self._read(self.prose(value))
            case Mapping():
                pairs = cast("Mapping[str, object]", value).items()
                return {self.text(key): self.nested(item) for key, item in pairs}
            case list() | tuple():
                return [self.nested(item) for item in cast("Sequence[object]", value)]
            case _:
                return value

    def _read(self, text: str) -> object:
        try:
            if _refers_to_itself(text):
                return text
            read = yaml.load(text, yaml.CSafeLoader)  # the safe loader, in C
        except (yaml.YAMLError, ValueError, RecursionError):
            return text
        if isinstance(read, str) or not _is_json(read):
            return text
        return self.nested(read)


def _refers_to_itself(text: str) -> bool:
    """Say whether a text of YAML has aliases, a few of which become more than fits anywhere; alerts may send them."""
    return "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.CSafeLoader))


def _is_json(value: object) -> bool:
    """Say whether a value read from YAML can be sent as JSON (a date cannot)."""
    match value:
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return all(isinstance(key, str) and _is_json(item) for key, item in pairs)
        case list():
            return all(_is_json(item) for item in cast("list[object]", value))
        case _:
            return isinstance(value, str | int | float | bool | None)


def plain_text(data: Data, failure: TemplateFailure) -> str:
    """What is said where a template cannot say it."""
    counts = f"{len(data.alerts.of(FIRING))} firing, {len(data.alerts.of(RESOLVED))} resolved"
    alerts = "; ".join(f"{alert.status}: {alert.labels.sorted_pairs()}" for alert in data.alerts)
    return f"{data.receiver}: {counts}. {alerts}. (This text's template is wrong: {failure})"
