"""Parts of dates, from seconds since the epoch in UTC, over whole columns (proleptic Gregorian calendar)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Seconds: TypeAlias = NDArray[np.int64]

_DAY = 86_400
_EPOCH = 719_468
"""Days from 0000-03-01, where leap days fall on a year's last day, to 1970-01-01."""
_FAR = (1 << 63) - 1


def whole_seconds(values: NDArray[np.float64]) -> Seconds:
    """Floats cut to whole seconds; what no int64 can hold lies in a far future, where Go's clock ends up with it."""
    fits = (values >= -(2.0**63)) & (values < 2.0**63)
    return np.where(fits, np.where(fits, values, 0.0).astype(np.int64), _FAR)


def _civil(seconds: Seconds) -> tuple[Seconds, Seconds, Seconds]:
    """Year, month and day (H. Hinnant, «chrono-compatible low-level date algorithms»)."""
    days = seconds // _DAY + _EPOCH
    era = days // 146_097
    day_of_era = days - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = np.where(shifted < 10, shifted + 3, shifted - 9)
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, day


def _is_leap(year: Seconds) -> NDArray[np.bool_]:
    return (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))


def _days_in_month(seconds: Seconds) -> Seconds:
    year, month, _ = _civil(seconds)
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
    return lengths[month - 1] + ((month == 2) & _is_leap(year))


def _day_of_year(seconds: Seconds) -> Seconds:
    year, month, day = _civil(seconds)
    before = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], dtype=np.int64)
    return before[month - 1] + day + ((month > 2) & _is_leap(year))


DATE_FUNCTIONS: dict[str, Callable[[Seconds], Seconds]] = {
    "year": lambda seconds: _civil(seconds)[0],
    "month": lambda seconds: _civil(seconds)[1],
    "day_of_month": lambda seconds: _civil(seconds)[2],
    "day_of_week": lambda seconds: (seconds // _DAY + 4) % 7,
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "hour": lambda seconds: seconds // 3600 % 24,
    "minute": lambda seconds: seconds // 60 % 60,
}
