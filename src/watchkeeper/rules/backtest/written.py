"""What rules write in a backtest: the samples of recording rules and the states of alerts, with staleness markers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.samples import STALE, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql.value import Objects, cells
from watchkeeper.rules.alerting import ALERT_STATE, ALERTS, FOR_STATE
from watchkeeper.rules.backtest.asking import Piece
from watchkeeper.rules.backtest.course import Shown
from watchkeeper.rules.rule import RecordingRule


@dataclass(frozen=True, slots=True)
class Grid:
    """What one rule writes at s evaluations: a row a series. `values` and `present` have shape (n, s).

    `histograms` (n, s) holds Histogram or None, or is None where there are none.
    """

    series: Sequence[Labels]
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    histograms: Objects | None = None


class Writer:
    """Turns what a rule writes into samples; a series that was written the last time and is not now ends there."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._last: frozenset[Labels] = frozenset()

    def block(self, grid: Grid, times: NDArray[np.int64]) -> SeriesBlock:
        """The samples as of `times` (ms, shape (s,)), at which no evaluation failed."""
        gone = self._last.difference(grid.series)
        series = [*grid.series, *sorted(gone)]
        present = np.zeros((len(series), times.size), dtype=np.bool_)
        present[: len(grid.series)] = grid.present
        values = np.full(present.shape, STALE)
        np.copyto(values[: len(grid.series)], grid.values, where=grid.present)
        before = np.zeros(present.shape, dtype=np.bool_)
        before[:, 1:] = present[:, :-1]
        before[:, 0] = [one in self._last for one in series]
        self._last = frozenset(one for one, there in zip(series, present[:, -1].tolist(), strict=True) if there)
        return self._packed(series, present | before, values, grid.histograms, times)

    def _packed(
        self,
        series: Sequence[Labels],
        there: NDArray[np.bool_],
        values: NDArray[np.float64],
        histograms: Objects | None,
        times: NDArray[np.int64],
    ) -> SeriesBlock:
        rows = np.flatnonzero(there.any(axis=1))
        offsets = np.zeros(rows.size + 1, dtype=np.int64)
        np.cumsum(there[rows].sum(axis=1), out=offsets[1:])
        row, step = np.nonzero(there)
        frame = LabelFrame.of(self._symbols, [series[i] for i in rows.tolist()])
        at, kept = _packed_histograms(histograms, row, step)
        return SeriesBlock(frame, offsets, times[step], values[row, step], None, at, kept)


def _packed_histograms(
    histograms: Objects | None, row: NDArray[np.intp], step: NDArray[np.intp]
) -> tuple[NDArray[np.int32] | None, list[Histogram]]:
    if histograms is None:
        return None, []
    at = np.full(row.size, -1, dtype=np.int32)
    kept: list[Histogram] = []
    place = {(r, s): histogram for r, s, histogram in cells(histograms)}
    for i, cell in enumerate(zip(row.tolist(), step.tolist(), strict=True)):
        if cell in place:
            at[i] = len(kept)
            kept.append(place[cell])
    return at, kept


def recorded(rule: RecordingRule, piece: Piece, limit: int) -> tuple[Grid, NDArray[np.bool_]]:
    """What a recording rule writes, and at which steps it can: not where series become one, or are too many."""
    assert piece.result is not None
    names = [labels.with_({**dict(rule.labels), METRIC_NAME: rule.name}) for labels in piece.labels()]
    place = {labels: i for i, labels in enumerate(dict.fromkeys(names))}
    there, shape = piece.occupied(), (len(place), piece.instants.size)
    counts = np.zeros(shape, dtype=np.int64)
    values = np.zeros(shape)
    histograms: Objects | None = None if piece.result.histograms is None else np.full(shape, None, dtype=np.object_)
    for row, labels in enumerate(names):
        at = place[labels]
        counts[at] += there[row]
        np.copyto(values[at], piece.result.values[row], where=there[row])
        if histograms is not None and piece.result.histograms is not None:
            np.copyto(histograms[at], piece.result.histograms[row], where=there[row])
    sound: NDArray[np.bool_] = counts.max(axis=0, initial=0) <= 1
    if limit > 0:
        sound = sound & (there.sum(axis=0) <= limit)
    return Grid(list(place), values, counts > 0, histograms), sound


def at_steps(grid: Grid, sound: NDArray[np.bool_]) -> Grid:
    """The part of a grid at the steps that the mask keeps."""
    histograms = None if grid.histograms is None else grid.histograms[:, sound]
    return Grid(grid.series, grid.values[:, sound], grid.present[:, sound], histograms)


def states(shown: Iterable[Shown], steps: int) -> tuple[Grid, Grid]:
    """The series `ALERTS` and `ALERTS_FOR_STATE` of alerts that show."""
    alerts: dict[Labels, NDArray[np.float64]] = {}
    since: dict[Labels, NDArray[np.float64]] = {}
    for one in shown:
        span = slice(one.first, one.last + 1)
        state = one.labels.with_({METRIC_NAME: ALERTS, ALERT_STATE: one.state.value})
        alerts.setdefault(state, np.full(steps, np.nan))[span] = 1.0
        series = one.labels.with_({METRIC_NAME: FOR_STATE})
        since.setdefault(series, np.full(steps, np.nan))[span] = one.active_at // 1000
    return _grid(alerts, steps), _grid(since, steps)


def _grid(rows: dict[Labels, NDArray[np.float64]], steps: int) -> Grid:
    values = np.array(list(rows.values())).reshape(len(rows), steps)
    return Grid(list(rows), values, ~np.isnan(values))
