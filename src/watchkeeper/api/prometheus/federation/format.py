"""Which exposition format a client takes, and how it wants odd names to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from watchkeeper.api.prometheus.names import ESCAPES

_TEXT = "text/plain"
_PROTOBUF = "application/vnd.google.protobuf"
_MESSAGE = "io.prometheus.client.MetricFamily"


@dataclass(frozen=True, slots=True)
class Format:
    """Text 0.0.4, or MetricFamily messages each behind its size; `escaping` is one of the schemes' names."""

    protobuf: bool = False
    escaping: str = "underscores"

    @property
    def content_type(self) -> str:
        """What the answer calls itself."""
        if self.protobuf:
            return f"{_PROTOBUF}; proto={_MESSAGE}; encoding=delimited; escaping={self.escaping}"
        return f"{_TEXT}; version=0.0.4; charset=utf-8; escaping={self.escaping}"


def negotiated(accept: str) -> Format:
    """The best format that an Accept header names; text where it names none of ours."""
    for kind, about in _by_weight(accept):
        escaping = about.get("escaping", "")
        escaping = escaping if escaping in ESCAPES else "underscores"
        if kind == _PROTOBUF and about.get("proto") == _MESSAGE and about.get("encoding") == "delimited":
            return Format(True, escaping)
        if kind in (_TEXT, "text/*", "*/*") and about.get("version", "0.0.4") == "0.0.4":
            return Format(False, escaping)
    return Format()


def _by_weight(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    found: list[tuple[float, str, dict[str, str]]] = []
    for part in accept.split(","):
        message = Message()
        message["Content-Type"] = part.strip()
        about = {name: str(value) for name, value in message.get_params([])[1:]}
        try:
            weight = float(about.get("q", "1"))
        except ValueError:
            weight = 0.0
        found.append((weight, part.partition(";")[0].strip().lower(), about))
    found.sort(key=lambda each: -each[0])
    return ((kind, about) for _, kind, about in found)
