"""`sum` and `avg` over many series of native histograms, all steps at once where their layouts allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import (
    Histogram,
    HistogramMean,
    HistogramsIncompatible,
    HistogramSum,
    compact,
)
from watchkeeper.model.histogram.kahan import compensated_arrays
from watchkeeper.query.promql.histograms import Note
from watchkeeper.query.promql.histograms_dense import CONFLICT, HINT_BITS, Layout, common_layout, hint_of


@dataclass(frozen=True, slots=True)
class Aggregated:
    """One group's histograms a step, None where it has none, and the remarks.

    `incompatible` (positions of rows, in the order handed in): which series could not be added, each to be named in a
    warning about mixed schemas.
    """

    values: list[Histogram | None]
    notes: frozenset[Note] = frozenset()
    incompatible: tuple[int, ...] = ()


def aggregate(rows: Sequence[Sequence[Histogram | None]], steps: int, *, mean: bool) -> Aggregated:
    """The sum, or mean, of one group's rows at each of `steps` steps.

    Cells where the group mixes floats and histograms are the caller's to blank out.
    """
    cells = [h for row in rows for h in row if h is not None]
    if not cells:
        return Aggregated([None] * steps)
    layout = common_layout(cells)
    if layout is not None:
        return _dense(layout, rows, steps, mean=mean)
    return _one_by_one(rows, steps, mean=mean)


def _one_by_one(rows: Sequence[Sequence[Histogram | None]], steps: int, *, mean: bool) -> Aggregated:
    values: list[Histogram | None] = []
    notes: set[Note] = set()
    incompatible: set[int] = set()
    for step in range(steps):
        cells = [(r, h) for r, row in enumerate(rows) if (h := row[step]) is not None]
        values.append(_cell(cells, notes, incompatible, mean=mean) if cells else None)
    return Aggregated(values, frozenset(notes), tuple(sorted(incompatible)))


def _cell(
    cells: list[tuple[int, Histogram]], notes: set[Note], incompatible: set[int], *, mean: bool
) -> Histogram | None:
    """One group at one step; a row that does not fit ends the group's hope of a result there."""
    fold = HistogramMean(cells[0][1]) if mean else HistogramSum(cells[0][1])
    fits = True
    for row, h in cells[1:]:
        try:
            fold.add(h)
        except HistogramsIncompatible:
            incompatible.add(row)
            fits = False
            break
    if fold.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_AGGREGATION)
    if not fits:
        return None
    if fold.conflicting_resets:
        notes.add(Note.CONFLICT_IN_AGGREGATION)
    return compact(fold.result())


def _dense(layout: Layout, rows: Sequence[Sequence[Histogram | None]], steps: int, *, mean: bool) -> Aggregated:
    total, lost = np.zeros((steps, layout.width)), np.zeros((steps, layout.width))
    number, hints = np.zeros(steps), np.zeros(steps, dtype=np.int64)
    for row in rows:
        at = [step for step, h in enumerate(row) if h is not None]
        present = [h for h in row if h is not None]
        if not present:
            continue
        total[at], lost[at] = compensated_arrays(layout.matrix(present), total[at], lost[at])
        number[at] += 1
        hints[at] |= [HINT_BITS[h.reset] for h in present]
    found = np.flatnonzero(number)
    if mean:
        total, lost = total[found] / number[found, None], lost[found] / number[found, None]
    else:
        total, lost = total[found], lost[found]
    with np.errstate(invalid="ignore"):
        made = layout.histograms(total + lost, [hint_of(bits) for bits in hints[found].tolist()])
    values: list[Histogram | None] = [None] * steps
    for step, value in zip(found.tolist(), made, strict=True):
        values[step] = value
    notes = {Note.CONFLICT_IN_AGGREGATION} if ((hints & CONFLICT) == CONFLICT).any() else set[Note]()
    if mean:
        _repair_overflows(values, total, found, rows)
    return Aggregated(values, frozenset(notes))


def _repair_overflows(
    values: list[Histogram | None],
    total: NDArray[np.float64],
    found: NDArray[np.intp],
    rows: Sequence[Sequence[Histogram | None]],
) -> None:
    """Means whose sum left the range of floats are taken again, the careful way."""
    for step in found[~np.isfinite(total).all(axis=1)].tolist():
        cells = [(r, h) for r, row in enumerate(rows) if (h := row[step]) is not None]
        values[step] = _cell(cells, set(), set(), mean=True)
