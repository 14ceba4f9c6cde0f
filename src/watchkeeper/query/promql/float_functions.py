"""Functions of one float at a time, over whole columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


def _sgn(values: Floats) -> Floats:
    return np.where(values == 0, values, np.sign(values))


FLOAT_FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "rad": lambda values: values * np.pi / 180,
    "deg": lambda values: values * 180 / np.pi,
    "sgn": _sgn,
}


def rounded(values: Floats, nearest: Floats) -> Floats:
    """Values (n, s) rounded to multiples of `nearest` (s,), ties upwards."""
    inverse = 1.0 / nearest
    return np.floor(values * inverse + 0.5) / inverse


def clamped(values: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """Values (n, s) held between `low` and `high` (s,); NaN on either side is the answer."""
    return np.maximum(low, np.minimum(high, values))
