"""Schedules as plain values, for the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from watchkeeper.access import People
from watchkeeper.oncall.schedule.calendar_layer import CalendarLayer
from watchkeeper.oncall.schedule.override import Override
from watchkeeper.oncall.schedule.schedule import Schedule, Shift

_UNKNOWN = 20
AHEAD_MS = 14 * 86_400_000
"""How far ahead changes and gaps are looked for."""


def shown_on_call(schedules: Mapping[str, Schedule], people: People, at: int) -> dict[str, Any]:
    """Who is on call by each schedule at an instant, and until when: null where two weeks bring no change."""
    found: list[dict[str, Any]] = []
    for name, schedule in schedules.items():
        now, *later = schedule.shifts(at, at + AHEAD_MS)
        until = time_text(now.until, schedule.zone) if later else None
        found.append({"name": name, "people": shown_people(now.people, people), "until": until})
    return {"at": time_text(at), "schedules": found}


def shown_shifts(schedule: Schedule, since: int, until: int) -> dict[str, Any]:
    """The final shifts of a window, its gaps, and the overrides."""
    shifts = schedule.shifts(since, until)
    return {
        "shifts": [_span(one, schedule.zone) | {"people": list(one.people)} for one in shifts if not one.is_gap],
        "gaps": [_span(one, schedule.zone) for one in shifts if one.is_gap],
        "overrides": [shown_override(one, schedule.zone) for one in schedule.overrides if one.until > since],
    }


def shown_summary(schedule: Schedule, people: People, now: int) -> dict[str, Any]:
    """A schedule, who is on call, and when nobody is next: null where somebody is for two weeks."""
    gap = next(iter(schedule.gaps(now, now + AHEAD_MS)), None)
    return {
        "name": schedule.name,
        "time_zone": schedule.zone.key,
        "on_call": shown_people(schedule.who(now), people),
        "next_gap": None if gap is None else time_text(gap.since, schedule.zone),
        "calendar": next((_shown_calendar(one) for one in schedule.layers if isinstance(one, CalendarLayer)), None),
    }


def _shown_calendar(layer: CalendarLayer) -> dict[str, Any]:
    read_at = layer.feed.read_at
    return {
        "read_at": None if read_at is None else time_text(read_at),
        "failure": layer.feed.failure,
        "unknown_names": layer.unknown()[:_UNKNOWN],
    }


def shown_override(override: Override, zone: ZoneInfo) -> dict[str, Any]:
    """An override; one from the configuration is read-only and has no id."""
    return {
        "id": override.id,
        "person": override.person,
        "replaces": override.replaces,
        "start": time_text(override.since, zone),
        "end": time_text(override.until, zone),
        "created_by": override.created_by,
        "comment": override.comment,
        "read_only": not override.id,
    }


def shown_people(names: Sequence[str], people: People) -> list[dict[str, str]]:
    """People by both their names."""
    return [{"name": name, "display_name": display_name(name, people)} for name in names]


def display_name(name: str, people: People) -> str:
    """What people read for somebody's name."""
    person = people.persons.get(name)
    return person.display_name if person is not None else name


def time_text(at: int, zone: ZoneInfo | None = None) -> str:
    """An instant as RFC 3339, in a zone or in UTC."""
    moment = datetime.fromtimestamp(at / 1000, zone or UTC)
    return moment.isoformat(timespec="seconds" if at % 1000 == 0 else "milliseconds")


def _span(shift: Shift, zone: ZoneInfo) -> dict[str, Any]:
    return {"start": time_text(shift.since, zone), "end": time_text(shift.until, zone)}
