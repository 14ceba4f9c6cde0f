"""The series part of a line: `name{label="value"}`, or `{"any name", "any label"="value"}`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watchkeeper.receive.exposition.cursor import LABEL, METRIC, Cursor
from watchkeeper.receive.exposition.line import SeriesText

# The shape that nearly every line has, read by two regular expressions instead of token by token.
_PAIR = rb'[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"'
_USUAL = re.compile(rb"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:" + _PAIR + rb"(?:," + _PAIR + rb")*)?,?)\})?(?=[ \t])")
_PAIRS = re.compile(rb'([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the two text formats differ between the braces.

    `value` and `quoted` are the patterns of quoted label values and names; `blanks` what may stand between tokens;
    `commas` says whether pairs must be separated by a comma.
    """

    value: re.Pattern[bytes]
    quoted: re.Pattern[bytes]
    blanks: re.Pattern[bytes]
    commas: bool


def read_series(cursor: Cursor, dialect: Dialect) -> SeriesText:
    """Read a series and move behind it. Raises ExpositionFailure."""
    usual = _USUAL.match(cursor.body, cursor.at)
    if usual is not None and (usual[2] is None or not usual[2].startswith(b",")):
        try:
            pairs = tuple((n.decode(), v.decode()) for n, v in _PAIRS.findall(usual[2] or b""))
        except UnicodeDecodeError:
            raise cursor.fail("a label value is not valid UTF-8", "UTF-8") from None
        after = usual.end() + len(dialect.blanks.match(cursor.body, usual.end())[0])  # pyright: ignore[reportOptionalSubscript]  # blanks match nothing, too
        if usual[2] is not None or cursor.body[after : after + 1] != b"{":
            cursor.at = usual.end()
            return SeriesText(usual[1].decode(), pairs)
    return _read_tokens(cursor, dialect)


def _read_tokens(cursor: Cursor, dialect: Dialect) -> SeriesText:
    name = cursor.take(METRIC)
    end = cursor.at
    if name is not None:
        cursor.take(dialect.blanks)
        if cursor.peek() != b"{":
            cursor.at = end
            return SeriesText(name.decode(), ())
    if cursor.peek() != b"{":
        raise cursor.fail("no series starts the line", 'a metric name or {"a quoted name"}')
    cursor.at += 1
    quoted, pairs = read_pairs(cursor, dialect, name is None)
    if name is None and quoted is None:
        raise cursor.fail("the metric name is missing", 'name{…}, or {"name", …}')
    return SeriesText(name.decode() if name is not None else quoted or "", pairs)


def read_pairs(cursor: Cursor, dialect: Dialect, nameless: bool) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Read from behind an opening brace to behind the closing one; a metric name may be quoted where `nameless`."""
    metric: str | None = None
    pairs: list[tuple[str, str]] = []
    while True:
        cursor.take(dialect.blanks)
        if cursor.peek() == b"}":
            cursor.at += 1
            return metric, tuple(pairs)
        name, quoted = _read_name(cursor, dialect)
        cursor.take(dialect.blanks)
        following = cursor.peek()
        if quoted and following in (b",", b"}"):
            if not nameless or metric is not None:
                raise cursor.fail("the metric name is given twice", "one name")
            metric = name
            cursor.at += following == b","
            continue
        pairs.append((name, _read_value(cursor, dialect)))
        cursor.take(dialect.blanks)
        if cursor.peek() == b",":
            cursor.at += 1
        elif dialect.commas and cursor.peek() != b"}":
            raise cursor.fail("neither a comma nor a closing brace follows the label", 'a="1",b="2"')


def _read_name(cursor: Cursor, dialect: Dialect) -> tuple[str, bool]:
    plain = cursor.take(LABEL)
    if plain is not None:
        return plain.decode(), False
    quoted = cursor.take(dialect.quoted)
    if quoted is None:
        raise cursor.fail("a label name is missing or malformed", 'letters, digits and underscores, or a quoted "name"')
    return cursor.quoted(quoted, "a name"), True


def _read_value(cursor: Cursor, dialect: Dialect) -> str:
    if cursor.peek() != b"=":
        raise cursor.fail("a label has no equal sign", 'name="value"')
    cursor.at += 1
    cursor.take(dialect.blanks)
    raw = cursor.take(dialect.value)
    if raw is None:
        raise cursor.fail("a label value is not quoted or its quote is never closed", 'name="value"')
    return cursor.quoted(raw, "a label value")
