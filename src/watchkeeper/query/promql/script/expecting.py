"""The lines below an evaluation: what its answer must be."""

from __future__ import annotations

import re

import re2

from watchkeeper.base.quoting import unquote
from watchkeeper.base.regex import regex_failure
from watchkeeper.query.promql.lexer import EOF, STRING, tokens
from watchkeeper.query.promql.numerals import parse_number
from watchkeeper.query.promql.script.command import (
    Evaluation,
    Expectation,
    ExpectationKind,
    ExpectedSeries,
    Point,
    Times,
)
from watchkeeper.query.promql.script.failure import NotationFailure, ScriptFailure
from watchkeeper.query.promql.script.notation import parse_series, parse_signed

_EXPECT = re.compile(r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?")
_STRING_PREFIX = "expect string"
_CONTRARY = {
    ExpectationKind.WARN: ExpectationKind.NO_WARN,
    ExpectationKind.NO_WARN: ExpectationKind.WARN,
    ExpectationKind.INFO: ExpectationKind.NO_INFO,
    ExpectationKind.NO_INFO: ExpectationKind.INFO,
}


class Expected:
    """Gathers the lines below one evaluation command; `legacy` is its suffix in the old form (`eval_fail`)."""

    __slots__ = ("_expectations", "_is_range", "_line", "_query", "_ranges", "_scalar", "_series", "_string", "_times")

    def __init__(self, line: int, query: str, times: Times, *, is_range: bool, legacy: str | None) -> None:
        self._line = line
        self._query = query
        self._times = times
        self._is_range = is_range
        self._expectations: dict[ExpectationKind, tuple[Expectation, ...]] = {}
        self._series: dict[object, ExpectedSeries] = {}
        self._scalar: Point = None
        self._string: str | None = None
        self._ranges = False
        if legacy:
            self._expectations[ExpectationKind(legacy)] = (Expectation(),)

    def evaluation(self) -> Evaluation:
        """The command with all that was taken."""
        return Evaluation(
            self._line,
            self._query,
            self._is_range,
            self._times,
            self._expectations,
            tuple(self._series.values()),
            self._scalar,
            self._string,
            self._ranges,
        )

    def expect_ranges(self, times: Times) -> None:
        """The answer of this instant query must be ranges with these times."""
        self._times, self._ranges = times, True

    def take(self, line: int, text: str) -> bool:
        """Take one line; say whether further ones may follow. Raises ScriptFailure."""
        if ExpectationKind.FAIL in self._expectations and text.startswith("expected_fail_"):
            self._take_legacy_failure(line, text)
            return False
        if text.startswith(_STRING_PREFIX):
            self._string = _string(line, text.removeprefix(_STRING_PREFIX).strip())
            return True
        if text.split()[0] == "expect":
            self._take_expectation(line, text)
            return True
        if (value := _scalar(text)) is not None:
            self._scalar = value
            return False
        self._take_series(line, text)
        return True

    def _take_legacy_failure(self, line: int, text: str) -> None:
        word, _, rest = text.partition(" ")
        if word == "expected_fail_message":
            expectation = Expectation(message=rest.strip())
        elif word == "expected_fail_regexp":
            expectation = Expectation(pattern=_pattern(line, rest.strip()))
        else:
            raise ScriptFailure(line, f"unknown expectation {word}")
        self._expectations[ExpectationKind.FAIL] = (expectation,)

    def _take_expectation(self, line: int, text: str) -> None:
        match = _EXPECT.fullmatch(text)
        if match is None:
            raise ScriptFailure(
                line,
                "invalid expect statement: right would be expect <type> [msg:|regex:]<text>, with ordered, "
                "fail, warn, no_warn, info or no_info for type",
            )
        kind, form, detail = ExpectationKind(match[1]), match[2], (match[3] or "").strip()
        if _CONTRARY.get(kind) in self._expectations:
            raise ScriptFailure(line, f"{kind} and {_CONTRARY[kind]} cannot be expected at once")
        if kind is ExpectationKind.FAIL and kind in self._expectations:
            raise ScriptFailure(line, "multiple expect fail lines are not allowed")
        expectation = Expectation()
        if form == "msg":
            expectation = Expectation(message=detail)
        elif form == "regex":
            expectation = Expectation(pattern=_pattern(line, detail))
        self._expectations[kind] = (*self._expectations.get(kind, ()), expectation)

    def _take_series(self, line: int, text: str) -> None:
        try:
            labels, points = parse_series(text)
        except NotationFailure as failure:
            raise ScriptFailure(line, str(failure)) from failure
        if len(points) > 1 and not self._is_range and not self._ranges:
            raise ScriptFailure(
                line,
                "expecting multiple values in instant evaluation not allowed: expect range vector from … to … step … "
                "says at which times",
            )
        self._series[labels] = ExpectedSeries(labels, points, len(self._series) + 1)


def _scalar(text: str) -> float | None:
    if parse_number(text.lstrip("+-")) is None:
        return None
    return parse_signed(text)


def _string(line: int, text: str) -> str:
    kinds = tokens(text)
    if [token.kind for token in kinds] != [STRING, EOF]:
        raise ScriptFailure(line, "expected string literal not valid: a quoted string literal is required")
    return unquote(kinds[0].text)


def _pattern(line: int, text: str) -> str:
    if problem := regex_failure(text):
        raise ScriptFailure(line, f"invalid regex {text}: {problem}")
    return text


def satisfies(expectation: Expectation, text: str) -> bool:
    """Say whether an error's or annotation's text is as expected."""
    if expectation.pattern is not None:
        return re2.search(expectation.pattern, text) is not None
    return expectation.message is None or expectation.message == text
