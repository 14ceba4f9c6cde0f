"""The series of a load as columns for the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram, stored_hints
from watchkeeper.query.promql.script.command import HistogramPoint, Point, Series


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """All samples of a load, m of them, series after series: columns as in SampleBatch, `row` the series' position.

    Histograms carry the counter reset hints that a Prometheus database gives back, not the written ones.
    """

    row: NDArray[np.int32]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64] | None
    histograms: dict[int, Histogram]


def sample_columns(series: Sequence[Series], step: int) -> SampleColumns:
    """The samples of `series`, whose points lie `step` ms apart from time 0."""
    rows: list[int] = []
    times: list[int] = []
    values: list[float] = []
    starts: list[int] = []
    histograms: dict[int, Histogram] = {}
    for row, one in enumerate(series):
        for i, point in enumerate(_with_stored_hints(one.points)):
            if point is None:
                continue
            if isinstance(point, Histogram):
                histograms[len(times)] = point
            rows.append(row)
            times.append(i * step)
            values.append(0.0 if isinstance(point, Histogram) else point)
            starts.append(one.starts[i] if i < len(one.starts) else 0)
    return SampleColumns(
        np.array(rows, dtype=np.int32),
        np.array(times, dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.array(starts, dtype=np.int64) if any(starts) else None,
        histograms,
    )


def _with_stored_hints(points: Sequence[Point]) -> list[float | Histogram | None]:
    """The points, each run of histograms (gaps do not end one, floats do) as it would be read back."""
    out: list[float | Histogram | None] = [None] * len(points)
    written = [(i, point) for i, point in enumerate(points) if point is not None]
    for is_histogram, run in groupby(written, key=lambda item: isinstance(item[1], HistogramPoint)):
        if not is_histogram:
            for i, point in run:
                assert isinstance(point, float)
                out[i] = point
            continue
        places, found = zip(*run, strict=True)
        for i, histogram in zip(places, stored_hints([p.histogram for p in found]), strict=True):
            out[i] = histogram
    return out
