"""What a test script says: commands in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels


@dataclass(frozen=True, slots=True)
class HistogramPoint:
    """A written histogram; `tells_reset` says that its counter reset hint was written too, and is to be compared."""

    histogram: Histogram
    tells_reset: bool = False


Point: TypeAlias = float | HistogramPoint | None
"""One written value; None where there is none (`_`)."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a load: a value each step from time 0, and start timestamps (absolute ms, 0 where unknown)."""

    labels: Labels
    points: tuple[Point, ...]
    starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget all data."""

    line: int


@dataclass(frozen=True, slots=True)
class Load:
    """Store series whose values lie `step` ms apart; `with_custom_histograms` also as native histograms."""

    line: int
    step: int
    series: tuple[Series, ...]
    with_custom_histograms: bool = False


class ExpectationKind(StrEnum):
    """What an `expect` line speaks of."""

    ORDERED = "ordered"
    FAIL = "fail"
    WARN = "warn"
    NO_WARN = "no_warn"
    INFO = "info"
    NO_INFO = "no_info"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A condition on an error's or annotation's text: the very `message`, a match of `pattern`, or any."""

    message: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedSeries:
    """One series that the answer must have; `position` counts from 1 in the order of the file."""

    labels: Labels
    points: tuple[Point, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Times:
    """Steps from `start` to `end`, both inside, `step` apart (ms); an instant has step 0."""

    start: int
    end: int
    step: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A query and what its answer must be.

    `times` are those of the query, or of the expected points where `expects_ranges`, when the query is an instant one
    at `times.end`. `scalar` or `string` is set where the answer must be one.
    """

    line: int
    query: str
    is_range: bool
    times: Times
    expectations: Mapping[ExpectationKind, tuple[Expectation, ...]] = field(
        default_factory=dict[ExpectationKind, tuple[Expectation, ...]]
    )
    series: tuple[ExpectedSeries, ...] = ()
    scalar: Point = None
    string: str | None = None
    expects_ranges: bool = False

    def expects(self, kind: ExpectationKind) -> bool:
        """Say whether a line of that kind stands there."""
        return kind in self.expectations


Command: TypeAlias = Clear | Load | Evaluation


@dataclass(frozen=True, slots=True)
class Script:
    """A whole file."""

    commands: tuple[Command, ...]
