"""Histogram literals: `{{schema:1 sum:3 count:22 z_bucket:2 buckets:[5 10 7] counter_reset_hint:gauge}}`."""

from __future__ import annotations

import re

import numpy as np

from watchkeeper.base.quoting import quote
from watchkeeper.model.histogram import Buckets, CounterReset, Histogram
from watchkeeper.query.promql.numerals import parse_number
from watchkeeper.query.promql.script.command import HistogramPoint
from watchkeeper.query.promql.script.failure import NotationFailure

_FIELD = re.compile(r"\s*([A-Za-z_]+):(\[[^\]]*\]|[^\s\[\]}]+)(?=\s|\})")
_INTEGERS = frozenset({"schema", "offset", "n_offset"})
_NUMBERS = frozenset({"sum", "count", "z_bucket", "z_bucket_w"})
_LISTS = frozenset({"buckets", "n_buckets", "custom_values"})
_RESETS = {
    "unknown": CounterReset.UNKNOWN,
    "reset": CounterReset.YES,
    "not_reset": CounterReset.NO,
    "gauge": CounterReset.GAUGE,
}


def parse_histogram(text: str) -> HistogramPoint:
    """The histogram of a literal with its double braces. Raises NotationFailure."""
    fields = _fields(text)
    numbers = {name: _number(value) for name, value in fields.items() if name in _NUMBERS}
    integers = {name: _integer(value) for name, value in fields.items() if name in _INTEGERS}
    lists = {name: _list(value) for name, value in fields.items() if name in _LISTS}
    histogram = Histogram(
        schema=integers.get("schema", 0),
        count=numbers.get("count", 0.0),
        sum=numbers.get("sum", 0.0),
        zero_threshold=numbers.get("z_bucket_w", 0.0),
        zero_count=numbers.get("z_bucket", 0.0),
        positive=_buckets(integers.get("offset", 0), lists.get("buckets", [])),
        negative=_buckets(integers.get("n_offset", 0), lists.get("n_buckets", [])),
        custom_values=tuple(lists.get("custom_values", [])),
        reset=_reset(fields.get("counter_reset_hint", "unknown")),
    )
    return HistogramPoint(histogram, "counter_reset_hint" in fields)


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    pos = 2
    while text[pos:].strip() != "}}":
        field = _FIELD.match(text, pos)
        if field is None:
            raise NotationFailure(
                f"unexpected {quote(text[pos:].strip().removesuffix('}}'))} in histogram description, "
                "expected histogram description key, e.g. buckets:[5 10 7]"
            )
        name, value = field.groups()
        name = name.lower()
        if name not in _INTEGERS | _NUMBERS | _LISTS | {"counter_reset_hint"}:
            raise NotationFailure(f"bad histogram descriptor found: {quote(name)}")
        if name in fields:
            raise NotationFailure(f'duplicate key "{name}" in histogram')
        fields[name] = value
        pos = field.end()
    return fields


def _number(text: str) -> float:
    value = parse_number(text.lstrip("+-"))
    if value is None:
        raise NotationFailure(f"{quote(text)} is no number")
    return -value if text.startswith("-") else value


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise NotationFailure(f"{quote(text)} is no whole number")
    return int(text)


def _list(text: str) -> list[float]:
    if not text.startswith("["):
        raise NotationFailure(f"expected a list such as [5 10 7], found {quote(text)}")
    return [_number(item) for item in text[1:-1].split()]


def _buckets(offset: int, counts: list[float]) -> Buckets:
    return Buckets(np.arange(offset, offset + len(counts), dtype=np.int32), np.array(counts, dtype=np.float64))


def _reset(text: str) -> CounterReset:
    if text.lower() not in _RESETS:
        raise NotationFailure(f"bad counter reset hint {quote(text)}: right would be one of {', '.join(_RESETS)}")
    return _RESETS[text.lower()]
