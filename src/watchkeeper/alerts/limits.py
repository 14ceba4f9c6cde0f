"""What is kept and taken, as Alertmanager's flags bound it."""

from __future__ import annotations

from dataclasses import dataclass

RETENTION_MS = 120 * 3_600_000


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """How long silences are kept after their end, how many there may be with those, how large one; 0 is no bound."""

    retention_ms: int = RETENTION_MS
    count: int = 0
    size_bytes: int = 0
