"""A pushed body as metric families: messages of Prometheus' protobuf exposition, whatever it came as."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from email.message import Message
from typing import Any

from watchkeeper.receive.exposition import ExpositionFailure
from watchkeeper.receive.exposition.protobuf import read_messages
from watchkeeper.receive.pushgateway.failure import PushFailure
from watchkeeper.receive.pushgateway.text import families_of_text

LARGEST_BODY = 16 << 20
LARGEST_UNPACKED = 64 << 20

Families = dict[str, Any]
"""MetricFamily messages by name."""


def families_of(body: bytes, headers: Mapping[str, str]) -> Families:
    """The families of a body; header names are lower-case or ignore case. Raises PushFailure."""
    body = _unpacked(body, headers.get("content-encoding", ""))
    if not _is_protobuf(headers.get("content-type", "")):
        return families_of_text(body)
    try:
        found = {message.name.decode(): message for message in read_messages(body)}
    except (ExpositionFailure, UnicodeDecodeError) as why:
        raise PushFailure(str(why)) from None
    if "" in found:
        raise PushFailure("a metric family has no name")
    for message in found.values():
        check_texts(message)
    return found


def check_texts(family: Any) -> None:
    """Raise PushFailure where a text of the family is no UTF-8."""
    try:
        family.help.decode()
        for metric in family.metric:
            for label in metric.label:
                label.name.decode()
                label.value.decode()
    except UnicodeDecodeError:
        name = family.name.decode("utf-8", "backslashreplace")
        raise PushFailure(f'the metric "{name}" has a label or help that is not utf8') from None


def _is_protobuf(content_type: str) -> bool:
    parsed = Message()
    parsed["content-type"] = content_type
    return (
        parsed.get_content_type() == "application/vnd.google.protobuf"
        and parsed.get_param("encoding") == "delimited"
        and parsed.get_param("proto") == "io.prometheus.client.MetricFamily"
    )


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() != "gzip":
        raise PushFailure(f'unsupported content encoding "{encoding}": right would be gzip or none', 415)
    member = zlib.decompressobj(wbits=31)
    try:
        found = member.decompress(body, LARGEST_UNPACKED + 1)
    except zlib.error as why:
        raise PushFailure(f"gzip: {why}") from None
    if len(found) > LARGEST_UNPACKED:
        raise PushFailure(f"the body unpacks to more than {LARGEST_UNPACKED} bytes", 413)
    if not member.eof:
        raise PushFailure("unexpected EOF")
    return found
