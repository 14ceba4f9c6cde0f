"""One label set, one series: rows that come to have the same labels are laid together, or the query fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.group import first_overlap, merge_rows
from watchkeeper.model.frame import LabelFrame
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.frames import rows_as_groups, without_metadata
from watchkeeper.query.promql.value import METADATA_LABELS, Objects, Vector, no_histograms, occupied

SAME_LABELSET = "vector cannot contain metrics with the same labelset"


def merged(vector: Vector) -> Vector:
    """The vector with rows of equal labels laid together. Raises EvaluationFailure where two meet at a step."""
    n = len(vector.frame)
    if n < 2:
        return vector
    groups, firsts = rows_as_groups(vector.frame.codes)
    if firsts.size == n:
        return vector
    if first_overlap(groups, vector.occupied(), firsts.size)[0] >= 0:
        raise EvaluationFailure(SAME_LABELSET)
    return laid_together(vector, vector.frame.take(firsts), groups, firsts)


def laid_together(vector: Vector, frame: LabelFrame, groups: NDArray[np.int64], firsts: NDArray[np.int64]) -> Vector:
    """Rows of one group, which never meet at a step, as one row with the labels of `frame` (g rows).

    Whether it is nameless is what the row says that comes first in time.
    """
    shape = (firsts.size, vector.shape[1])
    values = np.full(shape, np.nan)
    present = np.zeros(shape, dtype=np.bool_)
    merge_rows(groups, vector.values, vector.present, values, present)
    earliest = np.lexsort((_first_steps(vector.occupied()), groups))
    heads = earliest[np.searchsorted(groups[earliest], np.arange(firsts.size))]
    histograms = _merged_histograms(vector.histograms, groups, shape)
    return Vector(frame, values, present, vector.nameless[heads], histograms)


def _first_steps(occupied: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The first step at which each row has a sample, the number of steps where it never has."""
    return np.where(occupied.any(axis=1), occupied.argmax(axis=1), occupied.shape[1])


def _merged_histograms(histograms: Objects | None, groups: NDArray[np.int64], shape: tuple[int, int]) -> Objects | None:
    if histograms is None:
        return None
    out = no_histograms(*shape)
    for i, j in np.argwhere(occupied(histograms)).tolist():
        out[groups[i], j] = histograms[i, j]
    return out


def renamed(vector: Vector, *, delayed: bool) -> Vector:
    """The vector after an operation that ends its metric's meaning: names go at once, or when the query ends."""
    vector = vector.unnamed()
    return vector if delayed else names_removed(vector)


def names_removed(vector: Vector) -> Vector:
    """The vector with the metadata labels of its nameless rows dropped. Raises EvaluationFailure as `merged` does."""
    if not vector.nameless.any():
        return vector
    frame = without_metadata(vector.frame, vector.nameless, METADATA_LABELS)
    if frame is vector.frame:
        return vector
    n = len(frame)
    return merged(Vector(frame, vector.values, vector.present, np.zeros(n, dtype=np.bool_), vector.histograms))
