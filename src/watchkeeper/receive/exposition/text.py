"""One line of the text format 0.0.4 (and 1.0.0, which adds quoted names), as strictly as Prometheus 3 reads it."""

from __future__ import annotations

import re

from watchkeeper.receive.exposition.braces import Dialect, read_series
from watchkeeper.receive.exposition.cursor import METRIC, Cursor, unescape, unescape_help
from watchkeeper.receive.exposition.line import Blank, Comment, Field, Line, MetricType, Sample

_STRING = re.compile(rb'"(?:\\[^\n]|[^\\"])*"')
_BLANKS = re.compile(rb"[ \t]*")
_DIALECT = Dialect(_STRING, _STRING, _BLANKS, commas=False)
_META = re.compile(rb"#[ \t]+(HELP|TYPE)[ \t]+")
_VALUE = re.compile(rb"[^{ \t\n]+")
_TIMESTAMP = re.compile(rb"\d+")
_TYPES = {
    "counter": MetricType.COUNTER,
    "gauge": MetricType.GAUGE,
    "histogram": MetricType.HISTOGRAM,
    "summary": MetricType.SUMMARY,
    "untyped": MetricType.UNKNOWN,
}


def read_line(body: bytes, at: int) -> Line:
    """The line that starts at body[at]; the body's end ends a line, too. Raises ExpositionFailure."""
    cursor = Cursor(body, at)
    cursor.take(_BLANKS)
    first = cursor.peek()
    if first in (b"", b"\n"):
        return Blank(cursor.at + 1)
    return _read_comment(cursor) if first == b"#" else _read_sample(cursor)


def _read_sample(cursor: Cursor) -> Sample:
    start = cursor.at
    series = read_series(cursor, _DIALECT)
    end = cursor.at
    cursor.take(_BLANKS)
    raw = cursor.take(_VALUE)
    if raw is None:
        raise cursor.fail("the series has no value", 'name{label="value"} 1.5')
    value = cursor.number(raw, "the value")
    cursor.take(_BLANKS)
    timestamp = cursor.take(_TIMESTAMP)
    if timestamp is not None and (len(timestamp) > 19 or int(timestamp) >= 1 << 63):
        raise cursor.fail("the timestamp is out of range", "milliseconds since 1970")
    cursor.take(_BLANKS)
    if cursor.peek() not in (b"", b"\n"):
        raise cursor.fail("something follows the sample", "a value, perhaps a timestamp in whole milliseconds")
    return Sample(start, end, cursor.at + 1, series, value, int(timestamp) if timestamp is not None else None)


def _read_comment(cursor: Cursor) -> Comment:
    start = cursor.at
    end = cursor.body.find(b"\n", start)
    end = cursor.size if end < 0 else end
    meta = _META.match(cursor.body, start)
    if meta is None or meta.end() > end:
        return Comment(start, end, end + 1)
    field = Field(meta[1].decode())
    cursor.at = meta.end()
    family = _read_family(cursor, field)
    text = cursor.text(cursor.body[cursor.at + 1 : end], f"the {field} text")
    if field is Field.HELP:
        return Comment(start, end, end + 1, field, family, unescape_help(text))
    if text not in _TYPES:
        raise cursor.fail(f'unknown metric type "{text}"', f"one of {', '.join(_TYPES)}")
    return Comment(start, end, end + 1, field, family, text, _TYPES[text])


def _read_family(cursor: Cursor, field: Field) -> str:
    plain = cursor.take(METRIC)
    if plain is not None:
        return plain.decode()
    quoted = cursor.take(_STRING)
    if quoted is None:
        raise cursor.fail(f"no metric name follows {field}", f"# {field} name …")
    return unescape(cursor.text(quoted[1:-1], "a name"))
