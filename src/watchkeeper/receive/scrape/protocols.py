"""Which formats a target is asked for, and which of them it answered in."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import Message
from enum import Enum

from watchkeeper.receive.scrape.config import ScrapeProtocol
from watchkeeper.receive.scrape.failure import ScrapeFailure


class Format(Enum):
    """A format that a body can have."""

    TEXT = "text/plain"
    OPENMETRICS = "application/openmetrics-text"
    PROTOBUF = "application/vnd.google.protobuf"


_MEDIA_TYPES: dict[ScrapeProtocol, str] = {
    "PrometheusProto": ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"),
    "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0",
    "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
    "PrometheusText1.0.0": "text/plain;version=1.0.0",
    "PrometheusText0.0.4": "text/plain;version=0.0.4",
}
_ESCAPED = frozenset({"OpenMetricsText1.0.0", "PrometheusText1.0.0"})


def accept(protocols: Sequence[ScrapeProtocol], escaping: str) -> str:
    """The Accept header that asks for `protocols` in their order, names escaped as `escaping` says."""
    weight = len(_MEDIA_TYPES) + 1
    values: list[str] = []
    for protocol in protocols:
        escape = f";escaping={escaping}" if protocol in _ESCAPED else ""
        values.append(f"{_MEDIA_TYPES[protocol]}{escape};q=0.{weight}")
        weight -= 1
    return ",".join([*values, f"*/*;q=0.{weight}"])


def format_of(content_type: str, fallback: ScrapeProtocol | None) -> Format:
    """The format that a Content-Type names, else that of the fallback. Raises ScrapeFailure where there is none."""
    message = Message()
    message["Content-Type"] = content_type
    # The header's parser takes whatever it does not understand for plain text.
    written = content_type.partition(";")[0].strip().lower()
    media_type = message.get_content_type() if message.get_content_type() == written else ""
    for format_ in Format:
        if format_.value == media_type and _is_readable(format_, message):
            return format_
    if fallback is not None:
        return Format(_MEDIA_TYPES[fallback].partition(";")[0])
    what = f'the unknown Content-Type "{content_type}"' if content_type.strip() else "no Content-Type"
    raise ScrapeFailure(f"the target sends {what}: right would be one, or a fallback_scrape_protocol for the job")


def _is_readable(format_: Format, message: Message) -> bool:
    """Say whether we can read it: of the protobuf encodings that is the delimited one."""
    if format_ is not Format.PROTOBUF:
        return True
    encoding, proto = message.get_param("encoding"), message.get_param("proto")
    return encoding in (None, "delimited") and proto in (None, "io.prometheus.client.MetricFamily")
