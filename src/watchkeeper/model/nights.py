"""When people sleep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from watchkeeper.base.zone import zone_named


@dataclass(frozen=True, slots=True)
class Nights:
    """The hours from `begins` (its first minute is night) to `ends` (its first minute is not), in a time zone."""

    zone: tzinfo = UTC
    begins: int = 22
    ends: int = 7

    @classmethod
    def of(cls, zone: str) -> Nights:
        """The nights of a zone, such as `Europe/Berlin`; empty stands for UTC. Raises UnknownZone."""
        return cls(zone_named(zone) if zone else UTC)

    def include(self, at: int) -> bool:
        """Say whether the instant `at` (ms) is at night."""
        hour = datetime.fromtimestamp(at / 1000, self.zone).hour
        if self.begins > self.ends:
            return hour >= self.begins or hour < self.ends
        return self.begins <= hour < self.ends
