"""A request on its way into columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.otlp.book import Metric

EXAMPLES = 3
"""Reasons for rejections that an answer names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Delta:
    """`count` rows from `row` on that hold increments of one stream; times in ns.

    `shape` holds what must stay the same for increments to be added (a histogram's bounds).
    """

    stream: Labels
    row: int
    count: int
    time: int
    start: int
    shape: tuple[float, ...] = ()


@dataclass(slots=True)
class Rows:
    """Columns of rows: entry, time and start (ns, 0 where unknown), value; and what belongs to some of them.

    Rows in `stale` are staleness markers, those in `histograms` native histograms; exemplars are (entry, labels,
    value, ms). `points` data points were seen, `rejected` of them not taken, for `problems` (the first few).
    """

    entries: list[int] = field(default_factory=list[int])
    times: list[int] = field(default_factory=list[int])
    starts: list[int] = field(default_factory=list[int])
    values: list[float] = field(default_factory=list[float])
    stale: list[int] = field(default_factory=list[int])
    histograms: dict[int, Histogram] = field(default_factory=dict[int, Histogram])
    exemplars: list[tuple[int, Labels, float, int]] = field(default_factory=list[tuple[int, Labels, float, int]])
    deltas: list[Delta] = field(default_factory=list[Delta])
    metadata: list[MetricMetadata] = field(default_factory=list[MetricMetadata])
    told: list[Metric] = field(default_factory=list[Metric])
    points: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list[str])

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, entry: int, time: int, start: int, value: float) -> None:
        """One more row."""
        self.entries.append(entry)
        self.times.append(time)
        self.starts.append(start)
        self.values.append(value)

    def add_all(self, entries: Sequence[int], time: int, start: int, values: Sequence[float]) -> None:
        """Several rows of one data point."""
        self.entries.extend(entries)
        self.times.extend([time] * len(entries))
        self.starts.extend([start] * len(entries))
        self.values.extend(values)

    def reject(self, points: int, problem: str) -> None:
        """Data points that are not taken, and why."""
        self.rejected += points
        self.problem(problem)

    def problem(self, text: str) -> None:
        """Something that the sender should hear of."""
        if len(self.problems) < EXAMPLES and text not in self.problems:
            self.problems.append(text)
