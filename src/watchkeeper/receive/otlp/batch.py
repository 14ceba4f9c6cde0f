"""Rows as a batch for the store."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.samples import STALE_BITS, Exemplar, SampleBatch
from watchkeeper.receive.otlp.delta import Staged
from watchkeeper.receive.otlp.rows import Delta, Rows

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Translated:
    """A request's rows and their refs (int32, shape (m,)), negative where a limit refused the series."""

    rows: Rows
    refs: NDArray[np.int32]
    exemplar_refs: NDArray[np.int32]


def accumulate(staged: Staged, rows: Rows) -> set[int]:
    """Turn the rows that hold increments into sums; the rows whose increments came too late, which are no samples."""
    late: set[int] = set()
    for delta in rows.deltas:
        at = range(delta.row, delta.row + delta.count)
        histogram = rows.histograms.get(delta.row)
        repeated = staged.repeats(delta.stream, delta.time)
        values = [rows.values[row] for row in at]
        state = staged.add(delta.stream, delta.start, delta.time, values, histogram, delta.shape)
        if state is None:
            late.update(at)
            # A repetition is in the sum already: nothing of it is lost.
            if not repeated:
                rows.reject(1, f"out of order: a delta of series {_text(delta)} is older than the one before")
            continue
        for row, value in zip(at, state.values, strict=True):
            rows.values[row], rows.starts[row] = value, state.start
        if state.histogram is not None:
            rows.histograms[delta.row] = state.histogram
    return late


def batch_of(tenant: str, translated: Translated, without: Set[int] = frozenset()) -> SampleBatch:
    """The rows whose series have a ref, less those in `without`."""
    rows = translated.rows
    times = _milliseconds(rows.times)
    starts = _milliseconds(rows.starts)
    # A stream that does not know its start says the time of its first point.
    starts[starts >= times] = 0
    values = np.array(rows.values, dtype=np.float64)
    values.view(np.uint64)[rows.stale] = STALE_BITS
    keep = translated.refs >= 0
    if without:
        keep[list(without)] = False
    place = np.cumsum(keep) - 1
    exemplars = [
        Exemplar(ref, labels, value, time)
        for ref, (_, labels, value, time) in zip(translated.exemplar_refs.tolist(), rows.exemplars, strict=True)
        if ref >= 0
    ]
    return SampleBatch(
        tenant=tenant,
        refs=translated.refs[keep],
        timestamps=times[keep],
        values=values[keep],
        starts=starts[keep] if starts.any() else None,
        histograms={int(place[row]): histogram for row, histogram in rows.histograms.items() if keep[row]},
        exemplars=exemplars,
        metadata=rows.metadata,
    )


def _milliseconds(nanoseconds: list[int]) -> NDArray[np.int64]:
    return (np.array(nanoseconds, dtype=np.uint64) // _NS_PER_MS).astype(np.int64)


def _text(delta: Delta) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in delta.stream.pairs)[:500] + "}"
