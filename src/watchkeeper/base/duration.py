"""Durations as Prometheus writes them: `1d12h`, `5m`, `1y2w3d4h5m6s7ms`."""

from __future__ import annotations

import re

from watchkeeper.base.failure import Failure

_UNITS_MS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_PATTERN = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_LARGEST_MS = (1 << 63) // 1_000_000


class DurationFailure(Failure):
    """A text that is not a duration."""


def parse_duration_ms(text: str) -> int:
    """The milliseconds that `text` stands for; `0` needs no unit. Raises DurationFailure."""
    if text == "0":
        return 0
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        raise DurationFailure(f'not a valid duration string: "{text}" (right would be, for instance, 30s, 5m or 1h30m)')
    ms = sum(int(n) * unit for n, unit in zip(match.groups(), _UNITS_MS.values(), strict=True) if n is not None)
    if ms > _LARGEST_MS:
        raise DurationFailure(f'duration out of range: "{text}"')
    return ms


def format_duration(ms: int) -> str:
    """The shortest form in which Prometheus writes a duration of `ms` milliseconds, such as `1h30m`."""
    if ms == 0:
        return "0s"
    out, rest = ("-" if ms < 0 else ""), abs(ms)
    for unit, size in _UNITS_MS.items():
        # Years and weeks are written only where nothing else remains.
        whole = rest % size == 0 if unit in ("y", "w") else True
        if whole and rest >= size:
            out += f"{rest // size}{unit}"
            rest %= size
    return out


def format_go_duration(ms: int) -> str:
    """The duration as Go prints it, such as `1h0m0s`."""
    if ms < 1000:
        return f"{ms}ms" if ms else "0s"
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest:03d}".rstrip("0") if rest else ""
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{head}{seconds}{fraction}s"
