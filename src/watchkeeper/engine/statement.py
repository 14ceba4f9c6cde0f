"""What a statement asks for, as far as the HTTP interface has to know before the engine parses it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Formats whose chunks may simply be laid one after the other. The engine formats each chunk of a streamed result as a
# document of its own: with names in a header, or JSON's brackets, chunks do not add up to one result.
STREAMABLE_FORMATS = frozenset(
    {
        "csv",
        "jsoncompacteachrow",
        "jsoncompactstringseachrow",
        "jsoneachrow",
        "jsonlines",
        "jsonstringseachrow",
        "lineasstring",
        "native",
        "ndjson",
        "rawblob",
        "rowbinary",
        "tabseparated",
        "tabseparatedraw",
        "tskv",
        "tsv",
        "tsvraw",
    }
)

_QUOTED_OR_COMMENT = r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|--[^\n]*|/\*.*?\*/"""
_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|;)*", re.DOTALL)
# Brackets hold column names, which may be any of these words.
_BRACKETS = rf"\((?:[^()'\"`]|{_QUOTED_OR_COMMENT})*\)"
_INSERT_TOKEN = re.compile(
    rf"{_QUOTED_OR_COMMENT}|{_BRACKETS}"
    r"|\bFORMAT\s+(?P<format>[A-Za-z]\w*)[ \t]*;?[ \t]*(?:\r?\n)?"
    r"|\b(?P<values>VALUES)\b|\b(?P<settings>SETTINGS)\b|\b(?P<other>SELECT|WITH|INFILE)\b",
    re.DOTALL | re.IGNORECASE,
)
_RESULT_FORMAT = re.compile(
    r"\bFORMAT\s+([A-Za-z]\w*)\s*(?:SETTINGS\b[^;]*)?(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*\Z", re.DOTALL | re.IGNORECASE
)
_OUTFILE = re.compile(rf"{_QUOTED_OR_COMMENT}|\b(OUTFILE)\b", re.DOTALL | re.IGNORECASE)
_KILL_BY_ID = re.compile(r"\bquery_id\b(?=\s*(?:=|IN\b|LIKE\b))", re.IGNORECASE)
# An insert's statement stands within its first bytes; what follows is data, perhaps binary.
_LONGEST_INSERT_HEAD = 1 << 20
_LONGEST_TAIL = 4096


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT that brings its data: its table and columns, its SETTINGS clause, and where in the text data begins."""

    target: str
    settings: str
    format: str
    data_offset: int


def first_word(sql: str) -> str:
    """The statement's first keyword in capitals, comments and brackets skipped; empty when there is none."""
    start = _LEADING.match(sql)
    match = re.compile(r"[(\s]*([A-Za-z]+)").match(sql, start.end() if start else 0)
    return match[1].upper() if match else ""


def find_insert(text: bytes) -> Insert | None:
    """The insert that `text` begins with; None for other statements and for INSERT … SELECT.

    `VALUES` counts as a format of that name, as it does over HTTP in ClickHouse.
    """
    # latin-1 keeps one character a byte, so that offsets hold whatever the data is.
    head = text[:_LONGEST_INSERT_HEAD].decode("latin-1")
    if first_word(head) != "INSERT":
        return None
    end_of_target = None
    for token in _INSERT_TOKEN.finditer(head):
        if token["other"]:
            return None
        if token["settings"]:
            end_of_target = token.start()
        if token["format"] or token["values"]:
            end = token.start() if end_of_target is None else end_of_target
            target, settings = text[:end].decode().strip(), text[end : token.start()].decode().strip()
            return Insert(target, settings, token["format"] or "Values", token.end())
    return None


def result_format(sql: str) -> str | None:
    """The format that a query names in its FORMAT clause, or None."""
    match = _RESULT_FORMAT.search(sql, max(0, len(sql) - _LONGEST_TAIL))
    return match[1] if match else None


def writes_file(sql: str) -> bool:
    """Say whether a query has an INTO OUTFILE clause, which an HTTP client has no business with.

    The engine's own settings do not hold it back: even `readonly = 1` writes the file.
    """
    return "outfile" in sql.lower() and any(token[1] for token in _OUTFILE.finditer(sql))


def streams(format_name: str) -> bool:
    """Say whether a result in that format may be sent chunk by chunk."""
    return format_name.lower() in STREAMABLE_FORMATS


def with_known_ids(sql: str) -> str:
    """`KILL QUERY WHERE query_id = …` by the id that the client gave, which this engine keeps as log_comment.

    chDB gives each query an id of its own and does not take one from outside.
    """
    if first_word(sql) != "KILL":
        return sql
    return _KILL_BY_ID.sub("Settings['log_comment']", sql)
