"""Functions that read one number off each native histogram."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from watchkeeper.model.histogram import Histogram
from watchkeeper.query.promql.histograms_read import average, deviation, variance
from watchkeeper.query.promql.value import Vector, cells

HISTOGRAM_FUNCTIONS: dict[str, Callable[[Histogram], float]] = {
    "histogram_count": lambda h: h.count,
    "histogram_sum": lambda h: h.sum,
    "histogram_avg": average,
    "histogram_stddev": deviation,
    "histogram_stdvar": variance,
}


def read_histograms(vector: Vector, read: Callable[[Histogram], float]) -> Vector:
    """What `read` says of each histogram; floats are left out."""
    values = np.full(vector.shape, np.nan)
    present = np.zeros(vector.shape, dtype=np.bool_)
    for i, j, h in cells(vector.histograms):
        values[i, j] = read(h)
        present[i, j] = True
    return Vector(vector.frame, values, present, vector.nameless)
