"""Compensated sums: Neumaier's improvement of Kahan's, as Prometheus adds floats."""

from __future__ import annotations

import math

from watchkeeper.kernels.kernel import kernel


@kernel
def add_compensated(value: float, total: float, compensation: float) -> tuple[float, float]:
    """`total` + `value` and the new compensation, which belongs to the total when all is added."""
    t = total + value
    if math.isinf(t):
        compensation = 0.0
    elif abs(total) >= abs(value):
        compensation += (total - t) + value
    else:
        compensation += (value - t) + total
    return t, compensation
