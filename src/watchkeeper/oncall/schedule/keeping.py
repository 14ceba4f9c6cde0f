"""The table of overrides that were made through the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watchkeeper.oncall.schedule.override import Override
from watchkeeper.store.control import ControlDatabase

TABLE = """
CREATE TABLE oncall_overrides (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    schedule TEXT NOT NULL,
    person TEXT NOT NULL,
    replaces TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    comment TEXT NOT NULL
)
"""
_COLUMNS = "id, schedule, person, replaces, since_ms, until_ms, created_by, comment"
_SELECT = f"SELECT {_COLUMNS} FROM oncall_overrides ORDER BY created_at_ms, id"  # noqa: S608  # our own constants
_PUT = f"""
INSERT INTO oncall_overrides ({_COLUMNS}, created_at_ms)
VALUES (:id, :schedule, :person, :replaces, :since_ms, :until_ms, :created_by, :comment, :created_at_ms)
"""  # noqa: S608  # our own constants
_DELETE = "DELETE FROM oncall_overrides WHERE id = :id"
Writes = Sequence[tuple[str, Sequence[Mapping[str, object]]]]


def put(schedule: str, override: Override, now: int) -> Writes:
    """The statement that keeps a new override."""
    row = {
        "id": override.id,
        "schedule": schedule,
        "person": override.person,
        "replaces": override.replaces,
        "since_ms": override.since,
        "until_ms": override.until,
        "created_by": override.created_by,
        "comment": override.comment,
        "created_at_ms": now,
    }
    return [(_PUT, [row])]


def delete(id: str) -> Writes:
    """The statement that forgets one."""
    return [(_DELETE, [{"id": id}])]


async def kept(control: ControlDatabase) -> list[tuple[str, Override]]:
    """Every override with its schedule's name, the oldest first. Raises StoreFailure."""
    return [_override(row) for row in await control.rows(_SELECT)]


def _override(row: Sequence[object]) -> tuple[str, Override]:
    id, schedule, person, replaces, since, until, created_by, comment = map(str, row)
    return schedule, Override(person, int(since), int(until), replaces, id, created_by, comment)
