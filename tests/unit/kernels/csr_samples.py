"""Samples as kernels take them, and as their naive twins read them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

Series = list[tuple[int, float]]

VALUES = st.one_of(
    st.integers(-5, 20).map(float),
    st.floats(-1e6, 1e6),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e300, -1e300]),
)
TAME = st.one_of(st.integers(0, 9).map(float), st.floats(-1e3, 1e3))


@dataclass(frozen=True)
class Csr:
    """Several series one after the other."""

    series: list[Series]

    @property
    def offsets(self) -> np.ndarray:
        return np.cumsum([0, *map(len, self.series)]).astype(np.int64)

    @property
    def timestamps(self) -> np.ndarray:
        return np.array([t for s in self.series for t, _ in s], dtype=np.int64)

    @property
    def values(self) -> np.ndarray:
        return np.array([v for s in self.series for _, v in s], dtype=np.float64)

    def window(self, row: int, end: int, range_ms: int) -> Series:
        """The samples of one window, (end − range, end]."""
        return [(t, v) for t, v in self.series[row] if end - range_ms < t <= end]


@st.composite
def samples(draw: st.DrawFn, values: st.SearchStrategy[float] = VALUES) -> Csr:
    """A few series with irregular gaps."""
    series: list[Series] = []
    for _ in range(draw(st.integers(1, 3))):
        gaps = draw(st.lists(st.sampled_from([1000, 5000, 10_000, 15_000, 60_000]), max_size=20))
        at = draw(st.integers(-20_000, 20_000))
        one: Series = []
        for gap in gaps:
            at += gap
            one.append((at, draw(values)))
        series.append(one)
    return Csr(series)


@st.composite
def steps(draw: st.DrawFn) -> np.ndarray:
    """Rising (or equal) window ends."""
    start = draw(st.integers(-30_000, 60_000))
    step = draw(st.sampled_from([0, 1000, 7000, 15_000, 40_000]))
    return np.arange(draw(st.integers(1, 12)), dtype=np.int64) * step + start


RANGES = st.sampled_from([1000, 15_000, 30_000, 61_000, 300_000])


def cells(csr: Csr, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs for a kernel to fill."""
    shape = (len(csr.series), ends.size)
    return np.full(shape, 7.0), np.ones(shape, dtype=np.bool_)


def same(a: float, b: float, tolerance: float = 0.0) -> bool:
    """Say whether two floats are equal, NaN being equal to itself."""
    if a != a or b != b:
        return a != a and b != b
    return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-9)


def plain_quantile(q: float, values: list[float]) -> float:
    """Linear interpolation between ranks, NaN being the least."""
    ordered = sorted(values, key=lambda v: (v == v, v))
    if math.isnan(q):
        return math.nan
    if q < 0 or q > 1:
        return math.copysign(math.inf, q)
    rank = q * (len(ordered) - 1)
    below = math.floor(rank)
    above = min(len(ordered) - 1, below + 1)
    weight = rank - below
    with np.errstate(all="ignore"):
        return float(np.float64(ordered[below]) * (1 - weight) + np.float64(ordered[above]) * weight)
