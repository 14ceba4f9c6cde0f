"""Test scripts over the engine and a source in memory."""

from __future__ import annotations

from collections.abc import Sequence

from promql_memory import MemorySource

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram, stored_hints
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql import Engine, EngineOptions, Result
from watchkeeper.query.promql.script import Answer, AnsweredSeries, HistogramPoint, Series

Value = float | Histogram


class MemoryBackend:
    """Each tenant is a source of its own."""

    def __init__(self, options: EngineOptions | None = None) -> None:
        self._sources: dict[str, MemorySource] = {}
        self._engine = Engine(MemorySource(), options)

    def fresh(self) -> str:
        tenant = f"t{len(self._sources)}"
        self._sources[tenant] = MemorySource()
        return tenant

    def append(self, tenant: str, series: Sequence[Series], step: int) -> None:
        source = self._sources[tenant]
        for each in series:
            samples: dict[int, tuple] = {s[0]: s for s in source.series.get(each.labels, [])}
            for i, point in enumerate(each.points):
                if point is None:
                    continue
                start = each.starts[i] if i < len(each.starts) else 0
                value = point.histogram if isinstance(point, HistogramPoint) else point
                samples[i * step] = (i * step, value, start)
            ordered = [samples[t] for t in sorted(samples)]
            held = [s[1] for s in ordered if isinstance(s[1], Histogram)]
            hinted = iter(stored_hints(held))
            source.series[each.labels] = [
                (s[0], next(hinted), s[2]) if isinstance(s[1], Histogram) else s for s in ordered
            ]

    def instant(self, tenant: str, query: str, at: int) -> Answer:
        return answered(self._engine.instant(query, at, tenant=tenant, source=self._sources[tenant]))

    def range(self, tenant: str, query: str, start: int, end: int, step: int) -> Answer:
        return answered(self._engine.range(query, start, end, step, tenant=tenant, source=self._sources[tenant]))


def answered(result: Result) -> Answer:
    """A result as scripts look at it."""
    series = _of_ranges(result.ranges) if result.ranges is not None else _of_steps(result)
    return Answer(result.kind, series, result.text, result.warnings, result.infos)


def _of_steps(result: Result) -> tuple[AnsweredSeries, ...]:
    out = []
    times = result.timestamps.tolist()
    for row in range(len(result)):
        points: list[tuple[int, Value]] = []
        for j, time in enumerate(times):
            if result.present[row, j]:
                points.append((time, float(result.values[row, j])))
            elif result.histograms is not None and result.histograms[row, j] is not None:
                points.append((time, result.histograms[row, j]))
        out.append(AnsweredSeries(_labels(result.frame, row), tuple(points)))
    return tuple(out)


def _of_ranges(block: SeriesBlock) -> tuple[AnsweredSeries, ...]:
    out = []
    for row in range(len(block)):
        at = slice(int(block.offsets[row]), int(block.offsets[row + 1]))
        held = block.histogram_at[at].tolist() if block.histogram_at is not None else [-1] * (at.stop - at.start)
        values = [block.histograms[h] if h >= 0 else v for h, v in zip(held, block.values[at].tolist(), strict=True)]
        out.append(
            AnsweredSeries(_labels(block.frame, row), tuple(zip(block.timestamps[at].tolist(), values, strict=True)))
        )
    return tuple(out)


def _labels(frame: LabelFrame, row: int) -> Labels:
    return frame.labels(row)
