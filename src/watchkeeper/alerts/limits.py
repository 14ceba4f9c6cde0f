"""What is kept and taken, as Alertmanager's flags bound it."""

from __future__ import annotations

from dataclasses import dataclass

RETENTION_MS = 120 * 3_600_000


@dataclass(frozen=True, slots=True)
class AlertLimits:
    """Bounds of silences and alerts; 0 is no bound.

    How long silences are kept after their end, how many there may be with those, how large one; and how many alerts of
    one name may fire at once in each tenant.
    """

    retention_ms: int = RETENTION_MS
    silences: int = 0
    silence_bytes: int = 0
    alerts_per_name: int = 0
