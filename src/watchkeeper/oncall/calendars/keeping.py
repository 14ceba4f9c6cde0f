"""The last good copies of calendars that come from URLs, in the control database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "calendars"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "calendars",
        (
            """
            CREATE TABLE oncall_calendars (
                id VARCHAR(64) NOT NULL PRIMARY KEY,
                etag TEXT NOT NULL,
                modified TEXT NOT NULL,
                content TEXT NOT NULL,
                fetched_at_ms BIGINT NOT NULL
            )
            """,
        ),
    ),
    ControlStep(
        2,
        "calendars that cannot be renewed",
        ("CREATE TABLE oncall_calendar_failures (id VARCHAR(64) NOT NULL PRIMARY KEY, since_ms BIGINT NOT NULL)",),
    ),
)
Statement: TypeAlias = tuple[str, Sequence[Mapping[str, object]]]
_SELECT = "SELECT id, etag, modified, content, fetched_at_ms FROM oncall_calendars"
_PUT = """
INSERT INTO oncall_calendars (id, etag, modified, content, fetched_at_ms)
VALUES (:id, :etag, :modified, :content, :fetched_at)
ON CONFLICT (id) DO UPDATE SET etag = excluded.etag, modified = excluded.modified,
    content = excluded.content, fetched_at_ms = excluded.fetched_at_ms
"""
_FAILING = "INSERT INTO oncall_calendar_failures (id, since_ms) VALUES (:id, :at) ON CONFLICT (id) DO NOTHING"
_BACK = "DELETE FROM oncall_calendar_failures WHERE id = :id"


@dataclass(frozen=True, slots=True)
class Copy:
    """A calendar's text as it was had, and what its server said to ask with the next time."""

    etag: str
    modified: str
    content: str
    fetched_at: int


def id_of(url: str) -> str:
    """What a URL is kept by: it may hold a secret, so not by itself."""
    return hashlib.sha256(url.encode()).hexdigest()


class CalendarKeeping:
    """Reads and writes copies."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def all(self) -> dict[str, Copy]:
        """Make the table; every copy that is kept, by its id. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        rows = await self._control.rows(_SELECT)
        return {
            str(id): Copy(str(etag), str(modified), str(content), int(str(at)))
            for id, etag, modified, content, at in rows
        }

    async def failing(self) -> set[str]:
        """The ids of those that could not be renewed the last time. Raises StoreFailure."""
        return {str(id) for (id,) in await self._control.rows("SELECT id FROM oncall_calendar_failures")}

    async def fail(self, id: str, at: int, besides: Sequence[Statement]) -> None:
        """Keep that one cannot be renewed, and run `besides` in the same transaction. Raises StoreFailure."""
        await self._control.run([(_FAILING, [{"id": id, "at": at}]), *besides])

    async def come_back(self, id: str, besides: Sequence[Statement]) -> None:
        """Keep that it can be again, and run `besides` in the same transaction. Raises StoreFailure."""
        await self._control.run([(_BACK, [{"id": id}]), *besides])

    async def put(self, id: str, copy: Copy, besides: Sequence[Statement]) -> None:
        """Keep a copy in the place of the one before; run `besides` in the same transaction. Raises StoreFailure."""
        row = {"id": id, "etag": copy.etag, "modified": copy.modified}
        await self._control.run([(_PUT, [{**row, "content": copy.content, "fetched_at": copy.fetched_at}]), *besides])
