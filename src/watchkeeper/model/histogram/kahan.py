"""Sums that do not lose small terms to large ones (Kahan, in Neumaier's variant, as Prometheus sums)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def compensated(term: float, total: float, compensation: float) -> tuple[float, float]:
    """One step: the new total and its compensation; the sum is total + compensation at the end."""
    new = total + term
    if math.isinf(new):
        return new, 0.0
    if abs(total) >= abs(term):
        return new, compensation + ((total - new) + term)
    return new, compensation + ((term - new) + total)


def compensated_arrays(
    term: NDArray[np.float64], total: NDArray[np.float64], compensation: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same step for each element."""
    with np.errstate(invalid="ignore", over="ignore"):
        new = total + term
        lost = np.where(np.abs(total) >= np.abs(term), (total - new) + term, (term - new) + total)
        return new, np.where(np.isinf(new), 0.0, compensation + lost)
