"""Range functions where native histograms are among the samples: window by window, beside the floats' kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.window import window_bounds
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql import histograms_over_time
from watchkeeper.query.promql.ast import Call, RangeModifier
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.histograms import Note, remark
from watchkeeper.query.promql.histograms_extended import extended
from watchkeeper.query.promql.histograms_folds import folds
from watchkeeper.query.promql.histograms_series import Windows as SeriesWindows
from watchkeeper.query.promql.histograms_series import rates
from watchkeeper.query.promql.histograms_window import Window, instant_change
from watchkeeper.query.promql.range_functions import remarked_at
from watchkeeper.query.promql.value import Objects, Vector, no_histograms
from watchkeeper.query.promql.windows import HistogramSamples, Windows

_RATES = {"rate": (True, True), "increase": (True, False), "delta": (False, False)}
_TRENDS = frozenset({"deriv", "predict_linear", "double_exponential_smoothing"})
_IGNORING = frozenset(
    {"min_over_time", "max_over_time", "stddev_over_time", "stdvar_over_time", "mad_over_time"}
    | {"quantile_over_time", "ts_of_min_over_time", "ts_of_max_over_time", *_TRENDS}
)

Bounds: TypeAlias = NDArray[np.int64]
Sample: TypeAlias = tuple[int, Histogram | float, int]
"""Time, value and start timestamp (0: unknown)."""


@dataclass(slots=True)
class _Cells:
    """The function's result as it is being made, and which samples each window holds, as indexes (n, s)."""

    context: Context
    expr: Call
    windows: Windows
    samples: HistogramSamples
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    histograms: Objects
    float_from: Bounds
    float_to: Bounds
    from_: Bounds
    to: Bounds

    def rows(self) -> Iterator[int]:
        """The series that have a histogram in some window."""
        yield from np.flatnonzero((self.to > self.from_).any(axis=1)).tolist()

    def steps(self, row: int) -> list[int]:
        """The steps at which a series' window holds a histogram."""
        return np.flatnonzero(self.to[row] > self.from_[row]).tolist()

    def mixed(self) -> NDArray[np.bool_]:
        """Where a window holds both kinds, shape (n, s)."""
        return (self.to > self.from_) & (self.float_to > self.float_from)

    def metric(self, row: int) -> str:
        """The metric's name, for remarks."""
        return self.context.symbols[int(self.windows.frame.column(METRIC_NAME)[row])]

    def remark(self, notes: frozenset[Note] | tuple[Note, ...], row: int) -> None:
        """Make remarks about a series part of the query's annotations."""
        if notes:
            remark(notes, self.metric(row), self.context.annotations, remarked_at(self.expr))

    def held(self, row: int, step: int) -> Sequence[Histogram]:
        """A window's histograms."""
        return self.samples.histograms[int(self.from_[row, step]) : int(self.to[row, step])]

    def merged(self, row: int, step: int) -> list[Sample]:
        """A window's samples of both kinds in the order of their times."""
        floats, held = self.windows.floats, self.samples
        ours = range(int(self.float_from[row, step]), int(self.float_to[row, step]))
        theirs = range(int(self.from_[row, step]), int(self.to[row, step]))
        return list(
            merge(
                ((int(floats.timestamps[k]), float(floats.values[k]), _start(floats.starts, k)) for k in ours),
                ((int(held.timestamps[k]), held.histograms[k], _start(held.starts, k)) for k in theirs),
                key=lambda sample: sample[0],
            )
        )

    def put(self, row: int, step: int, value: Histogram | float | None) -> None:
        """Set one cell."""
        self.present[row, step] = value is not None and not isinstance(value, Histogram)
        self.histograms[row, step] = value if isinstance(value, Histogram) else None
        if isinstance(value, float):
            self.values[row, step] = value


def with_histograms(context: Context, expr: Call, windows: Windows, floats: Vector) -> Vector:
    """The result over the float samples, made good for those windows that hold histograms too, or only those."""
    assert windows.histograms is not None
    n, s = windows.shape
    begins = windows.ends - windows.range_ms
    ends = windows.ends
    if windows.modifier is not None:
        begins = begins - windows.lookback_ms
    if windows.modifier is RangeModifier.SMOOTHED:
        ends = ends + windows.lookback_ms
    bounds = [np.empty((n, s), dtype=np.int64) for _ in range(4)]
    held = windows.histograms
    window_bounds(windows.floats.offsets, windows.floats.timestamps, begins, ends, 0, n, bounds[0], bounds[1])
    window_bounds(held.offsets, held.timestamps, begins, ends, 0, n, bounds[2], bounds[3])
    cells = _Cells(
        context, expr, windows, held, floats.values, floats.present, no_histograms(n, s),
        bounds[0], bounds[1], bounds[2], bounds[3],
    )  # fmt: skip
    _HANDLERS[expr.function.name](cells)
    return replace(floats, histograms=cells.histograms)


def _start(starts: NDArray[np.int64], k: int) -> int:
    return int(starts[k]) if starts.size else 0


def _ignore(cells: _Cells) -> None:
    for row in np.flatnonzero(cells.mixed().any(axis=1)).tolist():
        cells.remark((Note.IGNORED_IN_RANGE,), row)


def _refuse_mixed(cells: _Cells) -> None:
    mixed = cells.mixed()
    cells.present &= ~mixed
    for row in np.flatnonzero(mixed.any(axis=1)).tolist():
        cells.remark((Note.MIXED_WITH_FLOATS,), row)


def _rate(cells: _Cells) -> None:
    is_counter, is_rate = _RATES[cells.expr.function.name]
    _refuse_mixed(cells)
    mixed = cells.mixed()
    for row in cells.rows():
        steps = [step for step in cells.steps(row) if not mixed[row, step]]
        if cells.windows.modifier is not None:
            _extended(cells, row, steps, is_counter=is_counter, is_rate=is_rate)
            continue
        done = rates(_series(cells, row, steps), is_counter=is_counter, is_rate=is_rate)
        cells.remark(done.notes, row)
        for step, value in zip(steps, done.values, strict=True):
            cells.put(row, step, value)


def _series(cells: _Cells, row: int, steps: list[int]) -> SeriesWindows:
    """One series' pure windows; sample indexes count from the series' first sample."""
    held, windows = cells.samples, cells.windows
    first, last = int(held.offsets[row]), int(held.offsets[row + 1])
    ends = windows.ends[steps]
    return SeriesWindows(
        held.timestamps[first:last],
        held.histograms[first:last],
        cells.from_[row, steps] - first,
        cells.to[row, steps] - first,
        ends - windows.range_ms,
        ends,
        windows.range_s,
        held.starts[first:last] if held.starts.size else None,
    )


def _window(cells: _Cells, row: int, step: int) -> Window:
    held, windows = cells.samples, cells.windows
    at = slice(int(cells.from_[row, step]), int(cells.to[row, step]))
    end = int(windows.ends[step])
    starts = held.starts[at].tolist() if held.starts.size else ()
    return Window(
        held.timestamps[at].tolist(), held.histograms[at], end - windows.range_ms, end, windows.range_s, starts
    )


def _extended(cells: _Cells, row: int, steps: list[int], *, is_counter: bool, is_rate: bool) -> None:
    smoothed = cells.windows.modifier is RangeModifier.SMOOTHED
    for step in steps:
        done = extended(_window(cells, row, step), smoothed=smoothed, is_counter=is_counter, is_rate=is_rate)
        cells.remark(done.notes, row)
        cells.put(row, step, done.value)


def _instant_rate(cells: _Cells) -> None:
    is_rate = cells.expr.function.name == "irate"
    for row in cells.rows():
        for step in cells.steps(row):
            last = cells.merged(row, step)[-2:]
            held = [value for _, value, _ in last if isinstance(value, Histogram)]
            if len(last) == 2 and not held:
                continue
            cells.put(row, step, None)
            if len(last) == 2 and len(held) == 1:
                cells.remark((Note.MIXED_WITH_FLOATS,), row)
            elif len(held) == 2:
                times, starts = [t for t, _, _ in last], [start for _, _, start in last]
                done = instant_change(Window(times, held, 0, 0, 0.0, starts), is_rate=is_rate)
                cells.remark(done.notes, row)
                cells.put(row, step, done.value)


def _fold(cells: _Cells) -> None:
    _refuse_mixed(cells)
    mixed = cells.mixed()
    for row in cells.rows():
        steps = [step for step in cells.steps(row) if not mixed[row, step]]
        done = folds(_series(cells, row, steps), mean=cells.expr.function.name == "avg_over_time")
        cells.remark(done.notes, row)
        for step, value in zip(steps, done.values, strict=True):
            cells.put(row, step, value)


def _count(cells: _Cells) -> None:
    counts = (cells.float_to - cells.float_from) + (cells.to - cells.from_)
    cells.values[:] = counts
    cells.present[:] = counts > 0


def _present(cells: _Cells) -> None:
    cells.present |= cells.to > cells.from_
    cells.values[cells.present] = 1.0


def _edge(*, newest: bool, time_only: bool) -> Callable[[_Cells], None]:
    def apply(cells: _Cells) -> None:
        for row in cells.rows():
            for step in cells.steps(row):
                samples = cells.merged(row, step)
                time, value, _ = samples[-1 if newest else 0]
                cells.put(row, step, time / 1000 if time_only else value)

    return apply


def _baseline(cells: _Cells, row: int, step: int) -> list[Sample]:
    """A window's samples; an `anchored` one keeps only the newest at or before its left edge, and needs one after."""
    samples = cells.merged(row, step)
    if cells.windows.modifier is None:
        return samples
    begin = int(cells.windows.ends[step]) - cells.windows.range_ms
    inside = [sample for sample in samples if sample[0] > begin]
    before = samples[: len(samples) - len(inside)]
    return before[-1:] + inside if inside else []


def _changes(cells: _Cells) -> None:
    for row in cells.rows():
        for step in cells.steps(row):
            samples = _baseline(cells, row, step)
            values = [value for _, value, _ in samples]
            cells.put(row, step, histograms_over_time.changes(values) if values else None)


def _resets(cells: _Cells) -> None:
    for row in cells.rows():
        for step in cells.steps(row):
            samples = _baseline(cells, row, step)
            times = [time for time, _, _ in samples]
            values = [value for _, value, _ in samples]
            starts = [start for _, _, start in samples]
            cells.put(row, step, histograms_over_time.resets(values, times, starts) if values else None)


_HANDLERS: dict[str, Callable[[_Cells], None]] = {
    **dict.fromkeys(_RATES, _rate),
    **dict.fromkeys(_IGNORING, _ignore),
    "irate": _instant_rate,
    "idelta": _instant_rate,
    "sum_over_time": _fold,
    "avg_over_time": _fold,
    "count_over_time": _count,
    "present_over_time": _present,
    "first_over_time": _edge(newest=False, time_only=False),
    "last_over_time": _edge(newest=True, time_only=False),
    "ts_of_first_over_time": _edge(newest=False, time_only=True),
    "ts_of_last_over_time": _edge(newest=True, time_only=True),
    "changes": _changes,
    "resets": _resets,
}
