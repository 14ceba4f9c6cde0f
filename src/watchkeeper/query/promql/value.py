"""What expressions evaluate to: columns of n series by s steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.symbols import Symbols

METADATA_LABELS = (METRIC_NAME, "__type__", "__unit__")
"""The labels that say what a metric is, and that go once a value is no longer that metric's."""

Objects: TypeAlias = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Vector:
    """Instant vectors at s steps: n series, of which each has a float, a histogram or nothing at a step.

    `values` float64 and `present` bool have shape (n, s), C-contiguous; `present` says where there is a float, else
    the value means nothing. `histograms` (n, s) holds Histogram or None, or is None where there are none at all.
    `nameless` bool (n,) marks the series that are to lose their `METADATA_LABELS` when the query ends.
    """

    frame: LabelFrame
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    nameless: NDArray[np.bool_]
    histograms: Objects | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n, s)."""
        return self.values.shape[0], self.values.shape[1]

    def occupied(self) -> NDArray[np.bool_]:
        """Where there is a sample of either kind, shape (n, s)."""
        return self.present if self.histograms is None else self.present | occupied(self.histograms)

    def with_values(self, values: NDArray[np.float64]) -> Vector:
        """The same series with other floats, histograms left out."""
        return replace(self, values=values, histograms=None)

    def unnamed(self) -> Vector:
        """The same samples, their metadata labels to be dropped."""
        return replace(self, nameless=np.ones(len(self.frame), dtype=np.bool_))

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Vector:
        """The given rows (positions or a mask)."""
        return Vector(
            self.frame.take(rows),
            self.values[rows],
            self.present[rows],
            self.nameless[rows],
            None if self.histograms is None else self.histograms[rows],
        )

    def where(self, keep: NDArray[np.bool_]) -> Vector:
        """The same series with only those samples where the mask (n, s) says so."""
        histograms = None if self.histograms is None else only_where(self.histograms, keep)
        return replace(self, present=self.present & keep, histograms=histograms)


def occupied(histograms: Objects) -> NDArray[np.bool_]:
    """Where an array of histograms has one, same shape."""
    there: NDArray[np.bool_] = np.not_equal(histograms, np.array(None, dtype=np.object_)).astype(np.bool_)
    return there


def only_where(histograms: Objects, keep: NDArray[np.bool_]) -> Objects:
    """The histograms that the mask (same shape) keeps, None elsewhere."""
    out = histograms.copy()
    out[~keep] = None
    return out


def cells(histograms: Objects | None) -> list[tuple[int, int, Histogram]]:
    """All (row, step, histogram), row by row."""
    if histograms is None:
        return []
    at = np.argwhere(occupied(histograms)).tolist()
    return [(i, j, histograms[i, j]) for i, j in at]


def no_histograms(rows: int, steps: int) -> Objects:
    """An array (rows, steps) that holds none."""
    return np.full((rows, steps), None, dtype=np.object_)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number at each step: float64, shape (s,)."""

    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    text: str


Value: TypeAlias = Vector | Scalar | Text


def nothing(symbols: Symbols) -> Vector:
    """An instant vector without series, at no step."""
    frame = LabelFrame(symbols, (), np.zeros((0, 0), dtype=np.int32))
    return Vector(frame, np.zeros((0, 0)), np.zeros((0, 0), dtype=np.bool_), np.zeros(0, dtype=np.bool_))
