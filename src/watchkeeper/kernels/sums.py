"""Compensated sums: Neumaier's improvement of Kahan's, as Prometheus adds floats."""

from __future__ import annotations

import math

from watchkeeper.kernels.kernel import kernel


@kernel
def add_compensated(value: float, total: float, compensation: float) -> tuple[float, float]:
    """`total` + `value` and the new compensation, which belongs to the total when all is added.

    The rounding error is taken by Knuth's branch-free TwoSum, which finds the very number that Neumaier's comparison
    does.
    """
    t = total + value
    if math.isinf(t):
        return t, 0.0
    share = t - total
    return t, compensation + ((total - (t - share)) + (value - share))
