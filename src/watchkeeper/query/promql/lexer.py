"""PromQL text → tokens. Errors are tokens too, so that the parser meets them where Prometheus' parser does."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from watchkeeper.base.quoting import quote, quote_character
from watchkeeper.query.promql.number_scan import scan_number_or_duration

OPERATORS: Final = frozenset(
    {"+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "</", ">/", "=~", "!~", "@"}
    | {"and", "or", "unless", "atan2"}
)
AGGREGATORS: Final = frozenset(
    {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk"}
    | {"count_values", "quantile", "limitk", "limit_ratio"}
)
KEYWORDS: Final = frozenset(
    {"offset", "smoothed", "anchored", "by", "without", "on", "ignoring", "group_left", "group_right"}
    | {"fill", "fill_left", "fill_right", "bool"}
)
PREPROCESSORS: Final = frozenset({"start", "end", "step", "range"})
DURATION_FUNCTIONS: Final = frozenset({"step", "range", "min_of", "max_of", "min", "max"})
WORDS: Final = AGGREGATORS | KEYWORDS | PREPROCESSORS | {"and", "or", "unless", "atan2"}

IDENTIFIER: Final = "identifier"
METRIC: Final = "metric identifier"
NUMBER: Final = "number"
DURATION: Final = "duration"
STRING: Final = "string"
EOF: Final = "end of input"
ERROR: Final = "error"


class Token(NamedTuple):
    """One token; `kind` is one of the constants above, or else the keyword (in small letters) or sign itself.

    `start` and `end` are character offsets. An ERROR's `text` is the message; nothing follows it.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def description(self) -> str:
        """The token as messages name it: `identifier "foo"`, `<op:+>`, `<by>`, `end of input`."""
        kind, text = self.kind, self.text
        if kind == EOF:
            return kind
        if kind in OPERATORS:
            return f"<op:{text}>"
        if kind in AGGREGATORS:
            return f"<aggr:{text}>"
        if kind in KEYWORDS:
            return f"<{text}>"
        shown = quote(text)
        if kind in (IDENTIFIER, METRIC):
            return f"{kind} {shown}"
        if len(text.encode("utf-8", "surrogatepass")) > 10:
            shown = quote(text[:10]) + "..."
        return f"{kind} {shown}" if kind in (NUMBER, DURATION, STRING) else shown


_SKIPPED = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"
_STRING = r""" "(?:[^"\\\n\ufffd]|\\(?:[abfnrtv\\"]|[0-3][0-7]{2}|x[0-9a-fA-F]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}
  |U(?!0000[dD][89a-fA-F])(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4}))*"
 |'(?:[^'\\\n\ufffd]|\\(?:[abfnrtv\\']|[0-3][0-7]{2}|x[0-9a-fA-F]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}
  |U(?!0000[dD][89a-fA-F])(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4}))*'
 |`[^`\ufffd]*` """
_STATEMENT: Final = re.compile(
    rf"""{_SKIPPED}(?:(?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
  | (?P<sign>==|!=|<=|<\/|>=|>\/|=(?!~)|[-+*/%^<>,()@{{}}\[\]])
  | (?P<duration>[0-9]+(?:ms|[smhdwy])(?:[0-9]+(?:ms|[smhdw]))*(?![A-Za-z0-9_.]))
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.]))
  | (?P<string>{_STRING}))
  """,
    re.VERBOSE,
)
_BRACES: Final = re.compile(
    rf"""{_SKIPPED}(?:(?P<identifier>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>=~|!~|!=|=|,|}})
  | (?P<string>{_STRING}))
  """,
    re.VERBOSE,
)
STRING_LITERAL: Final = re.compile(_STRING, re.VERBOSE)
"""One well-formed string with its quotes."""
_BLANK: Final = re.compile(_SKIPPED, re.VERBOSE)
_WORD = re.compile(r"[A-Za-z_]+")
_OPENS = re.compile(r"[ \t\r\n]*\(")


_BRACKETS: Final = frozenset("(){}[]")


def _token(fields: tuple[str, str, int, int]) -> Token:
    """A token without the argument handling of its constructor, which takes twice the time."""
    return tuple.__new__(Token, fields)


def tokens(text: str) -> list[Token]:
    """All tokens of `text`; the last one is EOF or ERROR."""
    return _Lexer(text).run()


class _Lexer:
    """Which tokens are possible depends on the open brackets: three states, each reading up to its bracket's end."""

    __slots__ = ("colon_seen", "depth", "duration_seen", "in_brackets", "out", "pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.out: list[Token] = []
        self.depth = 0
        self.in_brackets = False
        self.colon_seen = False
        self.duration_seen = False

    def run(self) -> list[Token]:
        """All tokens; the loop holds what most of them need, as its time is half of a parse."""
        text, out, read = self.text, self.out, _STATEMENT.match
        going = True
        while going:
            match = read(text, self.pos)
            if match is None:
                going = self._odd()
                continue
            kind = match.lastgroup
            assert kind is not None
            start, end = match.span(kind)
            word = text[start:end]
            if kind == "word":
                if self.in_brackets:
                    going = self._bracket_word(start)
                    continue
                kind = self._kind(word, end)
            elif kind == "sign":
                kind = word
            self.pos = end
            out.append(_token((kind, word, start, end)))
            if word in _BRACKETS:
                going = self._bracket(word, start)
        return out

    def _kind(self, word: str, end: int) -> str:
        lower = word.lower()
        if lower in WORDS:
            # The newest keywords stay metric names unless an opening parenthesis follows.
            return IDENTIFIER if lower.startswith("fill") and not _OPENS.match(self.text, end) else lower
        if lower in ("inf", "nan"):
            return NUMBER
        return METRIC if ":" in word else IDENTIFIER

    def _bracket(self, sign: str, start: int) -> bool:
        """What a bracket that was just read changes; say whether to go on."""
        if sign == "(":
            self.depth += 1
        elif sign == ")":
            return self._close()
        elif sign == "{":
            return self._braces()
        elif sign == "[":
            if self.in_brackets:
                return self._fail_instead("unexpected left bracket '['", start)
            self.in_brackets, self.colon_seen = True, False
            return self._duration()
        elif sign == "]":
            if not self.in_brackets:
                return self._fail_instead("unexpected right bracket ']'", start)
            self.in_brackets = False
        else:
            return self._fail_instead("unexpected character: '}'", start)
        return True

    def _close(self) -> bool:
        self.depth -= 1
        if self.depth < 0:
            return self._fail_instead("unexpected right parenthesis ')'")
        return True

    def _bracket_word(self, start: int) -> bool:
        """A letter after a duration in brackets: only the colon of a subquery and duration functions are possible."""
        first = self.text[start]
        if first == ":":
            self.pos = start + 1
            if self.colon_seen:
                return self._fail(start, "unexpected colon ':'")
            self.out.append(Token(":", ":", start, start + 1))
            self.colon_seen = True
            return True
        return self._duration_function() or self._fail(
            start, f"unexpected character: {quote_character(first)}, expected ':'"
        )

    def _duration_function(self) -> bool:
        match = _WORD.match(self.text, self.pos)
        if match is None or match.group().lower() not in DURATION_FUNCTIONS:
            return False
        self.out.append(Token(match.group().lower(), match.group(), self.pos, match.end()))
        self.pos = match.end()
        self.duration_seen = True
        return True

    def _duration(self) -> bool:
        """Read what stands in brackets up to its first number, or to their end."""
        text = self.text
        while True:
            start = self.pos
            char = text[start : start + 1]
            if char == "":
                return self._fail(start, "unexpected end of input in duration expression")
            if char.isascii() and (char.isdigit() or (char == "." and text[start + 1 : start + 2].isdigit())):
                self.duration_seen = True
                return True
            if char in " \t\r\n":
                self.pos += 1
            elif char in "()+-*/%^,:]":
                self.pos += 1
                self.out.append(Token(char, char, start, start + 1))
                if char == "(":
                    self.depth += 1
                elif char == ")" and not self._close():
                    return False
                elif char == "]":
                    self.in_brackets = self.colon_seen = False
                    return True
                elif char == ":" and not self._early_colon():
                    return False
            elif not self._duration_function():
                return self._fail(start, f"unexpected character in duration expression: {quote_character(char)}")

    def _early_colon(self) -> bool:
        if not self.duration_seen:
            return self._fail_instead("unexpected colon before duration in duration expression")
        if self.colon_seen:
            return self._fail_instead("unexpected repeated colon in duration expression")
        self.colon_seen = True
        return True

    def _braces(self) -> bool:
        text, out = self.text, self.out
        while True:
            match = _BRACES.match(text, self.pos)
            if match is None:
                return self._odd_in_braces()
            group = match.lastgroup
            assert group is not None
            word, (start, self.pos) = match[group], match.span(group)
            out.append(_token((word if group == "sign" else group, word, start, self.pos)))
            if word == "}":
                return True

    def _odd(self) -> bool:
        """What no pattern reads: the end, rare forms of numbers, and errors."""
        text, start = self.text, self._skip()
        char = text[start : start + 1]
        following = text[start + 1 : start + 2]
        if char == "":
            return self._end()
        if char.isascii() and (char.isdigit() or (char == "." and following.isascii() and following.isdigit())):
            return self._rare_number()
        if char in "\"'`":
            return self._fail(start, string_error(text, start))
        if char == "=":
            return self._fail(start, f"unexpected character after '=': {quote_character(following)}")
        if char == "!":
            return self._fail(start, f"unexpected character after '!': {quote_character(following)}")
        return self._fail(start, f"unexpected character: {quote_character(char)}")

    def _skip(self) -> int:
        """Go on to the next thing that is neither space nor comment; give its place."""
        blank = _BLANK.match(self.text, self.pos)
        assert blank is not None
        self.pos = blank.end()
        return self.pos

    def _rare_number(self) -> bool:
        kind, end = scan_number_or_duration(self.text, self.pos)
        word = self.text[self.pos : end]
        if kind is None:
            return self._fail(self.pos, f"bad number or duration syntax: {quote(word)}")
        self.out.append(Token(NUMBER if kind == "number" else DURATION, word, self.pos, end))
        self.pos = end
        return True

    def _odd_in_braces(self) -> bool:
        start = self._skip()
        char = self.text[start : start + 1]
        if char == "":
            return self._fail(start, "unexpected end of input inside braces")
        if char in "\"'`":
            return self._fail(start, string_error(self.text, start))
        if char == "!":
            following = quote_character(self.text[start + 1 : start + 2])
            return self._fail(start, f"unexpected character after '!' inside braces: {following}")
        if char == "{":
            return self._fail(start, "unexpected left brace '{'")
        return self._fail(start, f"unexpected character inside braces: {quote_character(char)}")

    def _end(self) -> bool:
        if self.depth:
            return self._fail(self.pos, "unclosed left parenthesis")
        if self.in_brackets:
            return self._fail(self.pos, "unclosed left bracket")
        self.out.append(Token(EOF, "", self.pos, self.pos))
        return False

    def _fail_instead(self, message: str, start: int | None = None) -> bool:
        """Put an error in the place of the last token; Prometheus has it start behind that one, or at `start`."""
        self.out.pop()
        return self._fail(self.pos if start is None else start, message)

    def _fail(self, start: int, message: str) -> bool:
        self.out.append(Token(ERROR, message, start, len(self.text)))
        return False


_ESCAPE_DIGITS = {"x": (2, 16, 0xFF), "u": (4, 16, 0x10FFFF), "U": (8, 16, 0x10FFFF)}


def string_error(text: str, start: int) -> str:
    """What is wrong with the string that starts there with its quote."""
    delimiter, pos = text[start], start + 1
    while pos < len(text):
        char = text[pos]
        pos += 1
        if char == delimiter:
            break
        if char == "\ufffd":
            return "invalid UTF-8 rune"
        if delimiter == "`":
            continue
        if char == "\n":
            return "unterminated quoted string"
        if char == "\\":
            pos, message = _escape_error(text, pos, delimiter)
            if message:
                return message
    return "unterminated raw string" if delimiter == "`" else "unterminated quoted string"


def _escape_error(text: str, pos: int, delimiter: str) -> tuple[int, str]:
    char = text[pos : pos + 1]
    if char == "":
        return pos, "escape sequence not terminated"
    if char in "abfnrtv\\" or char == delimiter:
        return pos + 1, ""
    if char in "01234567":
        count, base, largest = 3, 8, 255
    elif char in _ESCAPE_DIGITS:
        count, base, largest = _ESCAPE_DIGITS[char]
        pos += 1
    else:
        return pos, f"unknown escape sequence {_code_point(char)}"
    value = 0
    for at in range(pos, pos + count):
        digit = text[at : at + 1]
        if digit == "":
            return at, "escape sequence not terminated"
        if digit not in "0123456789abcdefABCDEF"[: 8 if base == 8 else 22]:
            return at, f"illegal character {_code_point(digit)} in escape sequence"
        value = value * base + int(digit, base)
    if value > largest or 0xD800 <= value < 0xE000:
        return pos, "escape sequence is an invalid Unicode code point"
    return pos + count, ""


def _code_point(char: str) -> str:
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{ord(char):04X}{shown}"
