"""The series notation: `metric{label="value"} 1 2+3x2 _ stale {{schema:1 sum:3 count:22 buckets:[5 10 7]}}`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from watchkeeper.base.duration import DurationFailure
from watchkeeper.base.quoting import quote, unquote
from watchkeeper.model.histogram import Histogram, HistogramsIncompatible, add, subtract
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.samples import STALE
from watchkeeper.query.promql.lexer import STRING_LITERAL, string_error
from watchkeeper.query.promql.numerals import parse_duration_s, parse_number
from watchkeeper.query.promql.script.command import HistogramPoint, Point
from watchkeeper.query.promql.script.failure import NotationFailure
from watchkeeper.query.promql.script.histogram_notation import parse_histogram

_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPACE = re.compile(r"[ \t]*")
_NUMBER = r"(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[iI]nf|[nN]a[nN])"
_ITEM = re.compile(
    rf"""(?P<blank>_)(?:x(?P<blanks>[0-9]+))?
  | (?P<stale>stale)(?:x(?P<stales>[0-9]+))?
  | (?P<value>[+-]?{_NUMBER})(?P<change>[+-]{_NUMBER})?(?:x(?P<times>[0-9]+))?
  """,
    re.VERBOSE,
)
_HISTOGRAM = re.compile(r"(\{\{[^}]*\}\})(?:([+-])(\{\{[^}]*\}\}))?(?:x([0-9]+))?")
_DURATION = r"[0-9]+(?:(?:ms|[smhdwy])(?:[0-9]+(?:ms|[smhdw]))*)?"
_START = re.compile(
    rf"_(?:x(?P<blanks>[0-9]+))?|(?P<value>[+-]?{_DURATION})(?P<change>[+-]{_DURATION})?(?:x(?P<times>[0-9]+))?"
)
_MOST_POINTS = 1_000_000


def parse_series(text: str) -> tuple[Labels, tuple[Point, ...]]:
    """A series and its values. Raises NotationFailure."""
    labels, rest = parse_metric(text)
    return labels, tuple(_points(rest))


def parse_metric(text: str) -> tuple[Labels, str]:
    """The labels that `text` begins with, and what follows them. Raises NotationFailure."""
    pairs: dict[str, str] = {}
    pos = 0
    name = _NAME.match(text)
    if name is not None:
        pos = name.end()
    braces = _skip(text, pos)
    if text.startswith("{", braces) and not text.startswith("{{", braces):
        pos = _label_set(text, braces + 1, pairs)
    elif name is None:
        raise NotationFailure(f"expected a metric or labels in braces at the start of {quote(text)}")
    if name is not None:
        pairs[METRIC_NAME] = name.group()
    rest = text[pos:]
    if rest and rest[0] not in " \t@":
        raise NotationFailure(f"expected a space after the series, found {quote(rest[0])}")
    return Labels(pairs), rest


def _label_set(text: str, pos: int, pairs: dict[str, str]) -> int:
    """Read labels up to the closing brace into `pairs`; give the place behind it."""
    pos = _skip(text, pos)
    while not text.startswith("}", pos):
        pos = _skip(text, _label_pair(text, pos, pairs))
        if text.startswith(",", pos):
            pos = _skip(text, pos + 1)
        elif not text.startswith("}", pos):
            raise NotationFailure(f'unexpected {quote(text[pos : pos + 10])} in label set, expected "," or "}}"')
    return pos + 1


def _label_pair(text: str, pos: int, pairs: dict[str, str]) -> int:
    label = _LABEL.match(text, pos)
    if label is not None:
        name, pos = label.group(), label.end()
    else:
        name, pos = _quoted(text, pos, 'identifier or "}"')
    equals = _skip(text, pos)
    if text.startswith("=", equals):
        pairs[name], pos = _quoted(text, _skip(text, equals + 1), "string")
    elif label is None:
        pairs[METRIC_NAME] = name
    else:
        raise NotationFailure(f'unexpected {quote(text[equals : equals + 10])} in label set, expected "="')
    return pos


def _quoted(text: str, pos: int, expected: str) -> tuple[str, int]:
    token = STRING_LITERAL.match(text, pos)
    if token is None:
        if text[pos : pos + 1] in ('"', "'", "`"):
            raise NotationFailure(string_error(text, pos))
        raise NotationFailure(f"unexpected {quote(text[pos : pos + 10])} in label set, expected {expected}")
    return unquote(token.group()), token.end()


def _skip(text: str, pos: int) -> int:
    match = _SPACE.match(text, pos)
    return match.end() if match else pos


def _points(text: str) -> Iterator[Point]:
    pos = _skip(text, 0)
    while pos < len(text):
        item = _HISTOGRAM.match(text, pos) if text.startswith("{{", pos) else _ITEM.match(text, pos)
        if item is None or (item.end() < len(text) and text[item.end()] not in " \t"):
            raise NotationFailure(f"unexpected {quote(text[pos:].split()[0])} in series values")
        yield from _histograms(item) if item.re is _HISTOGRAM else _values(item)
        pos = _skip(text, item.end())


def _values(item: re.Match[str]) -> Iterator[Point]:
    """The values of one item; `x` repeats a value, with or without a change, that many times after the first."""
    if item["blank"]:
        yield from [None] * _count(item["blanks"] or "1")
        return
    if item["stale"]:
        yield from [float(STALE)] * (1 + _count(item["stales"] or "0"))
        return
    if item["change"] and not item["times"]:
        raise NotationFailure(f"expected a repetition such as x5 after {quote(item.group())}")
    value, change = parse_signed(item["value"]), parse_signed(item["change"] or "0")
    for _ in range(1 + _count(item["times"] or "0")):
        yield value
        value += change


def parse_signed(text: str) -> float:
    """A number with or without a sign. Raises NotationFailure."""
    value = parse_number(text.lstrip("+-"))
    if value is None:
        raise NotationFailure(f"{quote(text)} is no number")
    return -value if text.startswith("-") else value


def _count(text: str) -> int:
    if int(text) > _MOST_POINTS:
        raise NotationFailure(f"a repetition of {text} is more than {_MOST_POINTS}")
    return int(text)


def _histograms(item: re.Match[str]) -> Iterator[Point]:
    first, sign, second, times = item.groups()
    base = parse_histogram(first)
    if sign is None:
        yield from [base] * (1 + _count(times or "0"))
        return
    if times is None:
        raise NotationFailure(f"expected a repetition such as x5 after {quote(item.group())}")
    change = parse_histogram(second).histogram
    yield base
    current = base.histogram
    for _ in range(_count(times)):
        current = _changed(current, change, sign)
        yield HistogramPoint(current)


def _changed(current: Histogram, change: Histogram, sign: str) -> Histogram:
    if current.schema > change.schema:
        raise NotationFailure(
            f"error combining histograms: cannot merge from schema {change.schema} to {current.schema}"
        )
    try:
        return (add if sign == "+" else subtract)(current, change).histogram
    except HistogramsIncompatible as failure:
        raise NotationFailure(f"error combining histograms: {failure}") from failure


def parse_starts(text: str, step: int) -> tuple[int, ...]:
    """The start timestamps (ms) of an `@st` line's values: each is written relative to its own sample's time.

    `_` is unknown, and so is the very time 0.
    """
    starts: list[int] = []
    for item in text.split():
        match = _START.fullmatch(item)
        if match is None or (match["change"] and not match["times"]):
            raise NotationFailure(f"unexpected {quote(item)} in start timestamps")
        if match["value"] is None:
            starts += [0] * _count(match["blanks"] or "1")
            continue
        offset, change = _milliseconds(match["value"]), _milliseconds(match["change"] or "0")
        for _ in range(1 + _count(match["times"] or "0")):
            starts.append(len(starts) * step + offset)
            offset += change
    return tuple(starts)


def _milliseconds(text: str) -> int:
    plain = text.lstrip("+-")
    try:
        seconds = float(plain) if plain.isdecimal() else parse_duration_s(plain)
    except DurationFailure as failure:
        raise NotationFailure(str(failure)) from failure
    return math.floor(seconds * 1000 + 0.5) * (-1 if text.startswith("-") else 1)
