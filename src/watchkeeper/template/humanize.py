"""Numbers as templates show them to people: Prometheus' `humanize…` functions."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.formatting import formatted

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")


def number(value: Any) -> float:
    """A template's value as a float; texts are read, a Go duration text in seconds. Raises FunctionFailure."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value.replace("Inf", "inf"))
        except ValueError:
            raise FunctionFailure(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from None
    raise FunctionFailure(f"can't convert {type(value).__name__} to float")


def _general(value: float, suffix: str = "") -> str:
    return formatted("%.4g", [value]) + suffix


def humanize(value: Any) -> str:
    """Metric prefixes: `1.235k`, `12m`."""
    v = number(value)
    if v == 0 or not math.isfinite(v):
        return _general(v)
    return _general(*_scaled(v, 1000, _LARGE)) if abs(v) >= 1 else _general(*_scaled_up(v))


def humanize1024(value: Any) -> str:
    """Binary prefixes: `1.5Ki`, as Prometheus writes them: `1.5ki`, then `Mi`, `Gi` …"""
    v = number(value)
    if abs(v) <= 1 or not math.isfinite(v):
        return _general(v)
    return _general(*_scaled(v, 1024, ("ki", *(f"{p}i" for p in _LARGE[1:]))))


def _scaled(value: float, base: float, prefixes: tuple[str, ...]) -> tuple[float, str]:
    prefix = ""
    for larger in prefixes:
        if abs(value) < base:
            break
        prefix, value = larger, value / base
    return value, prefix


def _scaled_up(value: float) -> tuple[float, str]:
    prefix = ""
    for smaller in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = smaller, value * 1000
    return value, prefix


def humanize_duration(value: Any) -> str:
    """Seconds as `1d 2h 3m 4s`, `1.5s`, `20ms`."""
    v = number(value)
    if not math.isfinite(v):
        return _general(v)
    if v == 0:
        return _general(v, "s")
    if abs(v) < 1:
        scaled, prefix = _scaled_up(v)
        return _general(scaled, f"{prefix}s")
    sign, v = ("-", -v) if v < 0 else ("", v)
    whole = int(v)
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return sign + _general(v, "s")


def humanize_percentage(value: Any) -> str:
    """A ratio as percent: `12.34%`."""
    return _general(number(value) * 100, "%")


def humanize_timestamp(value: Any) -> str:
    """Seconds since the epoch as `2015-05-06 08:50:35.781 +0000 UTC`."""
    v = number(value)
    if not math.isfinite(v):
        return _general(v)
    return go_time(v)


def go_time(seconds: float) -> str:
    """A moment in UTC as Go prints one, to the millisecond. Raises FunctionFailure outside of what a date can hold."""
    ms = math.floor(seconds * 1000)
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    except OverflowError:
        raise FunctionFailure(f"{seconds} cannot be represented as a timestamp") from None
    fraction = f".{ms % 1000:03d}".rstrip("0") if ms % 1000 else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def parse_duration(text: str) -> float:
    """The seconds of a Prometheus duration, which may be negative. Raises FunctionFailure."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    try:
        return sign * parse_duration_ms(body) / 1000
    except DurationFailure as why:
        raise FunctionFailure(str(why)) from None
