"""How long samples are welcome, and how far out of order: by tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.store.index import NO_WINDOW

LATEST_MS = 10_413_791_999_000
"""The end of the year 2299: what a DateTime64 can say."""
EARLIEST_MS = -2_208_988_800_000
"""The begin of the year 1900, likewise."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`window_ms` is how far behind its series' newest a sample may lie (`NO_WINDOW`: any order goes);
    `ahead_ms` how far ahead of the clock, None without a bound."""

    window_ms: int = 3_600_000
    ahead_ms: int | None = 600_000


FREE = Policy(window_ms=NO_WINDOW, ahead_ms=None)
"""For imports and throw-away tenants: every order, every time."""

PolicyOf = Callable[[str], Policy]
