"""One line of OpenMetrics 1.0, as strictly as Prometheus 3 reads it."""

from __future__ import annotations

import math
import re

from watchkeeper.model.labels import Labels
from watchkeeper.receive.exposition.braces import Dialect, read_pairs, read_series
from watchkeeper.receive.exposition.cursor import METRIC, Cursor, unescape
from watchkeeper.receive.exposition.failure import ExpositionFailure
from watchkeeper.receive.exposition.line import Comment, EndOfFile, ExemplarText, Field, Line, MetricType, Sample

_VALUE_STRING = re.compile(rb'"(?:\\[^\n]|[^\\"\n])*"')
_NAME_STRING = re.compile(rb'"(?:\\[^\n]|[^\\"])*"')
_NOTHING = re.compile(rb"")
_DIALECT = Dialect(_VALUE_STRING, _NAME_STRING, _NOTHING, commas=True)
_META = re.compile(rb"# (HELP|TYPE|UNIT) ")
_END = re.compile(rb"# EOF\n?")
_FIELD = re.compile(rb" ([^ \n]+)")
_EXEMPLAR = re.compile(rb" # \{")
_TYPES = {kind.name.lower(): kind for kind in MetricType if kind is not MetricType.NONE}


def read_line(body: bytes, at: int) -> Line:
    """The line that starts at body[at]. Raises ExpositionFailure."""
    cursor = Cursor(body, at)
    if cursor.peek() == b"#":
        return _read_comment(cursor)
    return _read_sample(cursor)


def missing_end(body: bytes) -> ExpositionFailure:
    """The failure that a body just stops."""
    line = body.count(b"\n") + 1
    return ExpositionFailure('the data does not end with "# EOF": right would be that as its last line', line=line)


def read_exemplar(body: bytes, at: int, line_start: int) -> tuple[ExemplarText, int]:
    """The exemplar whose `#` stands at body[at], and the place of its line's end. Raises ExpositionFailure."""
    cursor = Cursor(body, at - 1)
    cursor.line_start = line_start
    return _read_exemplar(cursor), cursor.at


def _read_sample(cursor: Cursor) -> Sample:
    start = cursor.at
    series = read_series(cursor, _DIALECT)
    end = cursor.at
    value = _read_number(cursor, "the value")
    if value is None:
        raise cursor.fail("no value follows the series behind one space", 'name{label="value"} 1.5')
    timestamp = None if _EXEMPLAR.match(cursor.body, cursor.at) else _read_time(cursor)
    exemplar = _read_exemplar(cursor) if _EXEMPLAR.match(cursor.body, cursor.at) else None
    if cursor.at >= cursor.size:
        raise missing_end(cursor.body)
    if cursor.peek() != b"\n":
        raise cursor.fail(
            "something follows the sample", "a value, perhaps a timestamp in seconds, perhaps an exemplar"
        )
    return Sample(start, end, cursor.at + 1, series, value, timestamp, exemplar)


def _read_number(cursor: Cursor, what: str) -> float | None:
    field = cursor.take(_FIELD)
    return None if field is None else cursor.number(field[1:], what)


def _read_time(cursor: Cursor) -> int | None:
    """A timestamp in ms where one stands here."""
    seconds = _read_number(cursor, "the timestamp")
    if seconds is None:
        return None
    if not math.isfinite(seconds) or abs(seconds) >= 1 << 53:
        raise cursor.fail("the timestamp is out of range", "seconds since 1970")
    return int(seconds * 1000)


def _read_exemplar(cursor: Cursor) -> ExemplarText:
    if cursor.take(_EXEMPLAR) is None:
        raise cursor.fail("the exemplar is malformed", '# {trace_id="…"} 1.5')
    _, pairs = read_pairs(cursor, _DIALECT, nameless=False)
    value = _read_number(cursor, "the exemplar's value")
    if value is None:
        raise cursor.fail("the exemplar has no value", '# {trace_id="…"} 1.5')
    return ExemplarText(Labels(pairs), value, _read_time(cursor))


def _read_comment(cursor: Cursor) -> Comment | EndOfFile:
    start = cursor.at
    end_of_file = _END.match(cursor.body, start)
    if end_of_file is not None:
        if end_of_file.end() < cursor.size:
            raise cursor.fail('something follows "# EOF"', "nothing behind it")
        return EndOfFile(cursor.size)
    meta = _META.match(cursor.body, start)
    if meta is None:
        raise cursor.fail("unknown comment", "# HELP, # TYPE, # UNIT or # EOF, with single spaces")
    field = Field(meta[1].decode())
    cursor.at = meta.end()
    family = _read_family(cursor, field)
    end = cursor.body.find(b"\n", cursor.at)
    if end < 0:
        raise missing_end(cursor.body)
    if cursor.peek() != b" ":
        raise cursor.fail(f"no text follows {field} {family}", f"# {field} {family} …")
    text = cursor.text(cursor.body[cursor.at + 1 : end], f"the {field} text")
    return _metadata(cursor, Comment(start, end, end + 1, field, family, text))


def _metadata(cursor: Cursor, comment: Comment) -> Comment:
    """`comment`, its text understood and checked."""
    text, type_ = comment.text, MetricType.NONE
    if comment.field is Field.TYPE:
        if text not in _TYPES:
            raise cursor.fail(f'unknown metric type "{text}"', f"one of {', '.join(_TYPES)}")
        type_ = _TYPES[text]
    elif comment.field is Field.HELP:
        text = unescape(text)
    elif text and not comment.family.endswith("_" + text):
        raise cursor.fail(
            f'the unit "{text}" is not a suffix of the metric "{comment.family}"', f"a name ending in _{text}"
        )
    return Comment(comment.start, comment.end, comment.following, comment.field, comment.family, text, type_)


def _read_family(cursor: Cursor, field: Field) -> str:
    plain = cursor.take(METRIC)
    if plain is not None:
        return plain.decode()
    quoted = cursor.take(_NAME_STRING)
    if quoted is None:
        raise cursor.fail(f"no metric name follows {field}", f"# {field} name …")
    return unescape(cursor.text(quoted[1:-1], "a name"))
