"""A source that holds its series in memory, filtered one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols

Sample = tuple[int, float | Histogram] | tuple[int, float | Histogram, int]
"""Time in ms, value, and perhaps a start timestamp."""


@dataclass
class MemorySource:
    """Series by their labels, samples in rising order."""

    series: dict[Labels, list[Sample]] = field(default_factory=dict)
    symbols: Symbols = field(default_factory=Symbols)
    asked: list[Selection] = field(default_factory=list)

    def add(self, labels: Mapping[str, str], samples: Sequence[Sample]) -> None:
        self.series.setdefault(Labels(labels), []).extend(samples)

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        return [self.select(selection) for selection in selections]

    def select(self, selection: Selection) -> SeriesBlock:
        self.asked.append(selection)
        labels, offsets, times, values, starts, held, histograms = [], [0], [], [], [], [], []
        for each, samples in self.series.items():
            if not all(m.matches(each.get(m.name, "")) for m in selection.matchers):
                continue
            inside = [s for s in samples if selection.start <= s[0] <= selection.end]
            if not inside:
                continue
            if selection.newest_only:
                inside = inside[-1:]
            labels.append(each)
            offsets.append(offsets[-1] + len(inside))
            for sample in inside:
                value = sample[1]
                times.append(sample[0])
                starts.append(sample[2] if len(sample) > 2 else 0)
                if isinstance(value, Histogram):
                    held.append(len(histograms))
                    histograms.append(value)
                    values.append(0.0)
                else:
                    held.append(-1)
                    values.append(value)
        return SeriesBlock(
            LabelFrame.of(self.symbols, labels),
            np.array(offsets, dtype=np.int64),
            np.array(times, dtype=np.int64),
            np.array(values, dtype=np.float64),
            np.array(starts, dtype=np.int64) if any(starts) else None,
            np.array(held, dtype=np.int32) if histograms else None,
            histograms,
        )
