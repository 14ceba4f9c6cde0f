"""Script text → commands, as Prometheus' promqltest reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from watchkeeper.base.duration import DurationFailure
from watchkeeper.base.quoting import quote
from watchkeeper.model.labels import Labels
from watchkeeper.query.promql.numerals import parse_duration_s
from watchkeeper.query.promql.script.command import Clear, Command, Evaluation, Load, Script, Series, Times
from watchkeeper.query.promql.script.expecting import Expected
from watchkeeper.query.promql.script.failure import NotationFailure, ScriptFailure
from watchkeeper.query.promql.script.notation import parse_metric, parse_series, parse_starts

_LOAD = re.compile(r"load(?:_(with_nhcb))?\s+(.+?)")
_INSTANT = re.compile(r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)")
_RANGE = re.compile(r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)")
_EXPECT_RANGES = re.compile(r"expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)")
_SINCE = "(timestamps are durations since 0, such as 5m)"


def read_script(text: str) -> Script:
    """The commands of a script. Raises ScriptFailure at the first line that is none."""
    return Script(tuple(_Reader(text).commands()))


class _Reader:
    """The lines of a script, trimmed and without comments, and the next one's place."""

    __slots__ = ("_at", "_lines")

    def __init__(self, text: str) -> None:
        stripped = (line.strip() for line in text.split("\n"))
        self._lines = ["" if line.startswith("#") else line for line in stripped]
        self._at = 0

    def commands(self) -> Iterator[Command]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if not line:
                continue
            word = line.split(None, 1)[0].lower()
            if word == "clear":
                yield Clear(self._at)
            elif word.startswith("load"):
                yield self._load(line)
            elif word.startswith("eval"):
                yield self._evaluation(line)
            else:
                raise ScriptFailure(self._at, f"invalid command {quote(line)}: right would be load, clear or eval")

    def _body(self) -> Iterator[tuple[int, str]]:
        """The lines up to the next empty one, with their numbers."""
        while self._at < len(self._lines) and self._lines[self._at]:
            self._at += 1
            yield self._at, self._lines[self._at - 1]

    def _load(self, line: str) -> Load:
        number = self._at
        match = _LOAD.fullmatch(line)
        if match is None:
            raise ScriptFailure(number, "invalid load command: right would be load[_with_nhcb] <step>")
        step = _milliseconds(number, match[2], "step")
        points: dict[Labels, Series] = {}
        starts: dict[Labels, tuple[int, ...]] = {}
        for at, definition in self._body():
            try:
                labels, rest = parse_metric(definition)
                if rest.startswith("@st"):
                    starts[labels] = parse_starts(rest.removeprefix("@st"), step)
                else:
                    points[labels] = Series(*parse_series(definition))
            except NotationFailure as failure:
                raise ScriptFailure(at, str(failure)) from failure
        for labels in starts:
            if labels not in points:
                raise ScriptFailure(number, f"start timestamps of {labels.pairs} without their series")
        series = tuple(replace(s, starts=starts.get(s.labels, ())) for s in points.values())
        return Load(number, step, series, with_custom_histograms=match[1] is not None)

    def _evaluation(self, line: str) -> Evaluation:
        number = self._at
        if (match := _INSTANT.fullmatch(line)) is not None:
            at = _milliseconds(number, match[2] or "", "timestamp")
            expected = Expected(number, match[3], Times(at, at, 0), is_range=False, legacy=match[1])
        elif (match := _RANGE.fullmatch(line)) is not None:
            times = _times(number, match[2], match[3], match[4])
            expected = Expected(number, match[5], times, is_range=True, legacy=match[1])
        else:
            raise ScriptFailure(
                number,
                "invalid evaluation command: right would be eval instant at <time> <query> "
                "or eval range from <from> to <to> step <step> <query>",
            )
        for at, definition in self._body():
            ranges = _EXPECT_RANGES.fullmatch(definition)
            if ranges is not None:
                expected.expect_ranges(_times(at, ranges[1], ranges[2], ranges[3]))
            elif not expected.take(at, definition):
                break
        return expected.evaluation()


def _times(line: int, start: str, end: str, step: str) -> Times:
    times = Times(
        _milliseconds(line, start, "start timestamp"),
        _milliseconds(line, end, "end timestamp"),
        _milliseconds(line, step, "step"),
    )
    if times.end < times.start:
        raise ScriptFailure(line, f"end timestamp ({end}) is before start timestamp ({start})")
    return times


def _milliseconds(line: int, text: str, what: str) -> int:
    try:
        return round(parse_duration_s(text) * 1000)
    except DurationFailure as failure:
        raise ScriptFailure(line, f"invalid {what} {quote(text)}: {failure} {_SINCE}") from failure
