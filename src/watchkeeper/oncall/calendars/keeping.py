"""The last good copies of calendars that come from URLs, in the control database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

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
)
_SELECT = "SELECT id, etag, modified, content, fetched_at_ms FROM oncall_calendars"
_PUT = """
INSERT INTO oncall_calendars (id, etag, modified, content, fetched_at_ms)
VALUES (:id, :etag, :modified, :content, :fetched_at)
ON CONFLICT (id) DO UPDATE SET etag = excluded.etag, modified = excluded.modified,
    content = excluded.content, fetched_at_ms = excluded.fetched_at_ms
"""


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

    async def put(self, id: str, copy: Copy) -> None:
        """Keep a copy in the place of the one before. Raises StoreFailure."""
        row = {"id": id, "etag": copy.etag, "modified": copy.modified}
        await self._control.run([(_PUT, [{**row, "content": copy.content, "fetched_at": copy.fetched_at}])])
