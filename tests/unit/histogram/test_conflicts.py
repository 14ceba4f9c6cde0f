"""Conflicting counter resets show where histograms are added up for their counts alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram, stored_hints
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql import Engine

CONFLICT = "PromQL warning: conflicting counter resets during histogram aggregation"
LATE, EARLY = [0, 2, 3, 2], [3, 2, 2, 3]


class TwoSeries:
    """A sample a minute of two counters, one of which was reset late, the other early."""

    def __init__(self) -> None:
        self.symbols = Symbols()

    def select(self, selection: Selection) -> SeriesBlock:
        times = [t for t in range(0, 240_000, 60_000) if selection.start <= t <= selection.end]
        kept = slice(times[0] // 60_000, times[-1] // 60_000 + 1)
        held = [stored_hints([Histogram(count=count, sum=1.0) for count in counts])[kept] for counts in (LATE, EARLY)]
        labels = [Labels({"__name__": "reset", "timing": timing}) for timing in ("late", "early")]
        n = len(times)
        return SeriesBlock(
            LabelFrame.of(self.symbols, labels),
            np.array([0, n, 2 * n]),
            np.array(times * 2),
            np.zeros(2 * n),
            None,
            np.arange(2 * n, dtype=np.int32),
            [h for series in held for h in series],
        )

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        return [self.select(selection) for selection in selections]


@pytest.mark.parametrize(
    ("query", "at_s", "warnings"),
    [
        ("histogram_count(sum(reset))", 300, (CONFLICT + " (1:21)",)),
        ("histogram_count(avg(reset))", 300, (CONFLICT + " (1:21)",)),
        ("histogram_count(sum_over_time(reset[5m]))", 300, (CONFLICT + " (1:31)",)),
        ("histogram_count(sum(reset))", 30, ()),
        ("histogram_count(rate(reset[5m]))", 300, ()),
        ("sum(reset)", 300, ()),
    ],
)
def test_warnings(query: str, at_s: int, warnings: tuple[str, ...]) -> None:
    engine = Engine(TwoSeries())
    try:
        assert engine.instant(query, at_s * 1000).warnings == warnings
    finally:
        engine.close()
