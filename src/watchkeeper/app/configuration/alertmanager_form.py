"""Sections as Alertmanager shows them: its keys in its order, with the zeros that it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic.fields import FieldInfo

from watchkeeper.alerts.intervals import ranges
from watchkeeper.alerts.intervals.sections import NamedIntervals, TimeIntervalSection
from watchkeeper.alerts.matchers import in_order, matcher_text, read_matchers
from watchkeeper.alerts.sections import InhibitSection, RouteSection
from watchkeeper.app.configuration.go_yaml import Inline, Plain
from watchkeeper.base.configuration import Section
from watchkeeper.base.configuration.rendering import url_text
from watchkeeper.base.configuration.scalars import Written
from watchkeeper.base.configuration.secret import HIDDEN, Secret
from watchkeeper.base.configuration.section import key_of
from watchkeeper.base.http import HTTPClientConfig, TLSConfig
from watchkeeper.base.http.config import OAuth2
from watchkeeper.notify import Receiver
from watchkeeper.notify.config.email import EmailConfig
from watchkeeper.notify.config.jira import JiraField
from watchkeeper.notify.config.mattermost import MattermostConfig
from watchkeeper.notify.config.rocketchat import RocketchatAction, RocketchatField
from watchkeeper.notify.config.telegram import TelegramConfig

_SUBJECT = '{{ template "email.default.subject" . }}'
_ALWAYS = {
    *("continue_", "enable_http2", "follow_redirects", "http_config", "insecure_skip_verify", "link_names"),
    *("max_alerts", "send_resolved", "short_fields", "smtp_tls_config", "templates", "timeout_ms", "update_message"),
    "url_file",
}
_KINDS = (
    *("discord", "email", "incidentio", "pagerduty", "slack", "webhook", "opsgenie", "wechat", "pushover"),
    *("victorops", "sns", "telegram", "webex", "msteams", "msteamsv2", "jira", "rocketchat", "mattermost"),
)
_MATTERMOST = ("send_resolved", "http_config", "webhook_url", "webhook_url_file", "channel", "username", "text")
_PROXY = ("proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "http_headers")


def form(section: Section) -> dict[str, Plain]:
    """A section as plain values; what is empty is left out unless Alertmanager writes it."""
    entries: dict[str, Plain] = {}
    kinds = type(section).model_fields
    special = _special(section)
    for name in _in_order(section):
        value, field = getattr(section, name), kinds[name]
        shown = special[name] if name in special else _value(value, field)
        if _is_written(section, name) or not _is_zero(shown) or (field.default is None and shown in (0, "0s")):
            entries[key_of(name)] = "" if shown is None and name in _ALWAYS else shown
    if isinstance(section, Receiver):
        return {"name": section.name, "labels": {"name": section.name}, **entries}
    return entries


def _is_written(section: Section, name: str) -> bool:
    """Say whether it is written even where it is empty."""
    match section:
        case TelegramConfig():
            return name in _ALWAYS and name != "timeout_ms"
        case RocketchatAction():
            return name not in ("type", "text", "url")
        case RocketchatField():
            return name == "short"
        case NamedIntervals():
            return name == "time_intervals"
        case _:
            return name in _ALWAYS


def _in_order(section: Section) -> Iterator[str]:
    """Its fields' names, in Alertmanager's order; what Alertmanager does not know comes last."""
    names = list(type(section).model_fields)
    match section:
        case Receiver():
            last = [f"{kind}_configs" for kind in _KINDS]
            return iter([name for name in names if name not in last and name != "name"] + last)
        case HTTPClientConfig():
            return iter([name for name in names if name not in _PROXY] + list(_PROXY))
        case MattermostConfig():
            return iter([*_MATTERMOST, *(name for name in names if name not in _MATTERMOST)])
        case _:
            return iter(names)


def _special(section: Section) -> Mapping[str, Plain]:
    """What is not written as it stands in the file."""
    match section:
        case RouteSection():
            return {"matchers": _matchers(section.matchers)}
        case InhibitSection():
            return {name: _matchers(getattr(section, name)) for name in ("source_matchers", "target_matchers")}
        case EmailConfig():
            threading: dict[str, Plain] = {} if section.threading.enabled else {"threading": None}
            given = {_canonical(name): value for name, value in section.headers.items()}
            headers = {"From": section.from_, "Subject": _SUBJECT, "To": section.to, **given}
            return {"headers": dict(sorted(headers.items())), **threading}
        case HTTPClientConfig():
            credentials = section.credentials
            return {
                **_trust(section.tls_config),
                "authorization": form(credentials) if credentials is not None else None,
                "bearer_token": None,
                "bearer_token_file": None,
            }
        case OAuth2():
            return _trust(section.tls_config)
        case JiraField() if section.enable_update:
            return {"enable_update": None}
        case TimeIntervalSection():
            return {
                name: Inline(_range(text, read, write) for text in getattr(section, name) or ())
                for name, (read, write) in _RANGES.items()
            }
        case _:
            return {}


def _trust(tls: TLSConfig) -> dict[str, Plain]:
    return {"tls_config": None} if tls == TLSConfig() else {}


def _value(value: object, field: FieldInfo | None) -> Plain:
    if field is not None and isinstance(value, int) and not isinstance(value, bool):
        written = next((mark for mark in field.metadata if isinstance(mark, Written)), None)
        return written.write(value) if written is not None else value
    match value:
        case Section():
            return form(value)
        case Secret():
            return HIDDEN if value else ""
        case Mapping():
            return {str(name): _value(value[name], None) for name in sorted(value, key=str)}
        case tuple() | list():
            return [_value(item, None) for item in value]
        case str() | Path():
            return url_text(str(value))
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


def _is_zero(value: Plain) -> bool:
    return value in (None, "", 0, False, "0s") or value in ([], {})


def _matchers(texts: tuple[str, ...]) -> list[Plain]:
    return [matcher_text(one) for one in in_order(one for text in texts for one in read_matchers(text))]


def _canonical(header: str) -> str:
    return "-".join(part.capitalize() for part in header.split("-"))


def _range(text: str, read: Callable[[str], ranges.Range], write: Callable[[int], str]) -> str:
    found = read(text)
    return write(found.first) if found.first == found.last else f"{write(found.first)}:{write(found.last)}"


_RANGES: Mapping[str, tuple[Callable[[str], ranges.Range], Callable[[int], str]]] = {
    "weekdays": (ranges.weekdays, ranges.weekday_name),
    "days_of_month": (ranges.days_of_month, str),
    "months": (ranges.months, str),
    "years": (ranges.years, str),
}
