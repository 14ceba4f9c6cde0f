"""Exemplars of data points."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from google.protobuf.message import DecodeError

from watchkeeper.model.labels import Labels
from watchkeeper.receive.otlp.attributes import attributes_of
from watchkeeper.receive.otlp.failure import Malformed
from watchkeeper.receive.otlp.messages import messages

_LONGEST = 128
"""Characters that the labels of an exemplar may have in all (OpenMetrics)."""
_MOST = 1000
"""Exemplars of one data point that are looked at."""


def exemplars_of(raw: Iterable[bytes]) -> list[tuple[Labels, float, int]]:
    """Labels, value and time (ms) of encoded exemplars. Raises Malformed.

    The filtered attributes are left out where the labels would become too long by them.
    """
    known = messages().Exemplar
    out: list[tuple[Labels, float, int]] = []
    for one in islice(raw, _MOST):
        try:
            message = known.FromString(one)
        except DecodeError:
            raise Malformed("an exemplar is no valid Exemplar message") from None
        if not message.HasField("as_double") and not message.HasField("as_int"):
            continue
        value = message.as_double if message.HasField("as_double") else float(message.as_int)
        out.append(
            (
                _labels(message.trace_id, message.span_id, message.filtered_attributes),
                value,
                message.time_unix_nano // 1_000_000,
            )
        )
    return out


def _labels(trace: bytes, span: bytes, filtered: Iterable[bytes]) -> Labels:
    ids = {name: raw.hex() for name, raw in (("trace_id", trace), ("span_id", span)) if raw.strip(b"\0")}
    attributes = attributes_of(filtered)
    length = sum(len(name) + len(value) for pairs in (ids, attributes) for name, value in pairs.items())
    return Labels({**ids, **attributes} if length <= _LONGEST else ids)
