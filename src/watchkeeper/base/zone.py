"""Time zones by their names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from watchkeeper.base.failure import Failure


class UnknownZone(Failure, ValueError):
    """There is no time zone of that name."""


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name in the IANA database. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        right = "Europe/Berlin, America/New_York or UTC"
        raise UnknownZone(f'there is no time zone "{name}": right would be, for instance, {right}') from None
