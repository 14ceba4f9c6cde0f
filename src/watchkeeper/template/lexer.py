"""Template text → tokens with positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a token is."""

    TEXT = "text"
    OPEN = "left delim"
    CLOSE = "right delim"
    SPACE = "space"
    KEYWORD = "keyword"
    IDENTIFIER = "identifier"
    FIELD = "field"
    VARIABLE = "variable"
    DOT = "."
    NUMBER = "number"
    CHARACTER = "character"
    STRING = "string"
    RAW_STRING = "raw string"
    BOOL = "bool"
    NIL = "nil"
    PIPE = "|"
    DECLARE = ":="
    ASSIGN = "="
    COMMA = ","
    LEFT = "("
    RIGHT = ")"
    END = "EOF"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `at` is the offset of its first character. An ERROR's text is its message."""

    kind: Kind
    text: str
    at: int


KEYWORDS = frozenset({"if", "else", "end", "range", "with", "template", "define", "block", "break", "continue"})
_SPACES = " \t\r\n"
_COMMENT = re.compile(r"\{\{(?:-[ \t\r\n])?/\*")
_NUMBER = (
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
"""What is taken for a number; whether it is one is for the parser to say."""
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<string>"(?:\\[^\n]|[^"\\\n])*")
  | (?P<raw>`[^`]*`)
  | (?P<character>'(?:\\[^\n]|[^'\\\n])+')
  | (?P<number>(?=[+-]|\.?[0-9]){number}(?P<tail>\w?)(?P<second>[+-]{number}(?P<excess>\w?))?)
  | (?P<variable>\$\w*)
  | (?P<field>\.[^\W\d]\w*)
  | (?P<dot>\.)
  | (?P<word>[^\W\d]\w*)
  | (?P<declare>:=)
  | (?P<assign>=)
  | (?P<comma>,)
  | (?P<left>\()
  | (?P<right>\))
  | (?P<pipe>\|)
    """.replace("{number}", _NUMBER),
    re.VERBOSE,
)
_BARE = frozenset({Kind.KEYWORD, Kind.IDENTIFIER, Kind.FIELD, Kind.VARIABLE, Kind.BOOL, Kind.NIL})
_ENDS = re.compile(r"[ \t\r\n.,|:()]|\}\}|\Z")
"""What may follow them."""
_SIMPLE = {
    "space": Kind.SPACE,
    "string": Kind.STRING,
    "raw": Kind.RAW_STRING,
    "character": Kind.CHARACTER,
    "variable": Kind.VARIABLE,
    "field": Kind.FIELD,
    "dot": Kind.DOT,
    "declare": Kind.DECLARE,
    "assign": Kind.ASSIGN,
    "comma": Kind.COMMA,
    "left": Kind.LEFT,
    "right": Kind.RIGHT,
    "pipe": Kind.PIPE,
}


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a template; the last is END, or an ERROR."""
    at, trim = 0, False
    while True:
        opening = text.find("{{", at)
        raw = text[at:] if opening < 0 else text[at:opening]
        trims_before = (
            opening >= 0 and text.startswith("-", opening + 2) and text[opening + 3 : opening + 4] in (*_SPACES,)
        )
        yield from _text(raw, at, left=trim, right=trims_before)
        if opening < 0:
            yield Token(Kind.END, "", len(text))
            return
        if _COMMENT.match(text, opening):
            end = _comment_end(text, opening)
            if isinstance(end, Token):
                yield end
                return
            at, trim = end
            continue
        inside = opening + (3 if trims_before else 2)
        yield Token(Kind.OPEN, "{{", opening)
        last = None
        for last in _action(text, inside):  # the last token tells where the text goes on
            yield last
        if last is None or last.kind is not Kind.CLOSE:
            return
        at = last.at + len(last.text)
        trim = last.text.startswith("-") or last.text.lstrip(_SPACES).startswith("-")


def _text(raw: str, at: int, left: bool, right: bool) -> Iterator[Token]:
    start = len(raw) - len(raw.lstrip(_SPACES)) if left else 0
    kept = raw[start:].rstrip(_SPACES) if right else raw[start:]
    if kept:
        yield Token(Kind.TEXT, kept, at + start)


def _comment_end(text: str, opening: int) -> tuple[int, bool] | Token:
    closing = text.find("*/", opening)
    if closing < 0:
        return Token(Kind.ERROR, "unclosed comment", opening)
    match = re.compile(r"([ \t\r\n]-)?\}\}").match(text, closing + 2)
    if match is None:
        return Token(Kind.ERROR, "comment ends before closing delimiter", opening)
    return match.end(), match.group(1) is not None


def _action(text: str, at: int) -> Iterator[Token]:
    """The tokens between the delimiters, up to and with the closing one (or an ERROR)."""
    depth = 0
    while True:
        closing = re.compile(r"(?:[ \t\r\n]+-)?\}\}").match(text, at)
        if closing:
            if depth:
                yield Token(Kind.ERROR, "unclosed left paren", at)
            else:
                yield Token(Kind.CLOSE, closing.group(), at)
            return
        match = _TOKEN.match(text, at)
        if match is None:
            yield _lost(text, at)
            return
        token = _token(match)
        if token.kind in _BARE and not _ENDS.match(text, match.end()):
            token = Token(Kind.ERROR, f"bad character {text[match.end()]!r}", match.end())
        depth += (token.kind is Kind.LEFT) - (token.kind is Kind.RIGHT)
        if depth < 0:
            token = Token(Kind.ERROR, "unexpected right paren", at)
        yield token
        if token.kind is Kind.ERROR:
            return
        at = match.end()


def _token(match: re.Match[str]) -> Token:
    kind, text, at = str(match.lastgroup), match.group(), match.start()
    if match.group("number") is not None:
        second = match.group("second")
        if match.group("tail") or match.group("excess") or (second is not None and not second.endswith("i")):
            return Token(Kind.ERROR, f'bad number syntax: "{text}"', at)
        return Token(Kind.NUMBER, text, at)
    if kind != "word":
        return Token(_SIMPLE[kind], text, at)
    if text in KEYWORDS:
        return Token(Kind.KEYWORD, text, at)
    if text in ("true", "false"):
        return Token(Kind.BOOL, text, at)
    return Token(Kind.NIL if text == "nil" else Kind.IDENTIFIER, text, at)


def _lost(text: str, at: int) -> Token:
    if at >= len(text):
        return Token(Kind.ERROR, "unclosed action", at)
    wrong = {
        '"': "unterminated quoted string",
        "`": "unterminated raw quoted string",
        "'": "unterminated character constant",
    }
    character = text[at]
    return Token(Kind.ERROR, wrong.get(character, f"unexpected {character!r} in command"), at)
