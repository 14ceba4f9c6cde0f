"""Which message a request carries, from its headers (Remote-Write 2.0 specification, protocol section)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from watchkeeper.receive.remote_write.failure import Unsupported

_MEDIA_TYPE = "application/x-protobuf"


class Message(StrEnum):
    """The two messages, by their protobuf names."""

    V1 = "prometheus.WriteRequest"
    V2 = "io.prometheus.write.v2.Request"


def message_of(headers: Mapping[str, str]) -> Message:
    """The message that the headers announce; without a content type it is 1.0. Raises Unsupported (415).

    Header names are compared in lower case, so `headers` has lower-case names or ignores case.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "snappy"):
        raise Unsupported(
            f"{encoding} encoding (compression) is not accepted by this server; only snappy is acceptable"
        )
    content_type = headers.get("content-type", "").strip() or _MEDIA_TYPE
    media, *parameters = (part.strip() for part in content_type.split(";"))
    if media.lower() != _MEDIA_TYPE:
        raise Unsupported(f"expected {_MEDIA_TYPE} as the first (media) part, got {content_type} content-type")
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals:
            raise Unsupported(f"expected parameters to be key-values, got {parameter} in {content_type} content-type")
        if name.strip().lower() == "proto":
            return _named(value.strip().strip('"'), content_type)
    return Message.V1


def _named(name: str, content_type: str) -> Message:
    try:
        return Message(name)
    except ValueError:
        known = " or ".join(Message)
        raise Unsupported(f"got {content_type} content type; unknown message {name}, right would be {known}") from None
