"""The table that says which weekly review was sent last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "quality"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "weekly reviews",
        (
            """
            CREATE TABLE quality_reviews (
                name VARCHAR(20) NOT NULL PRIMARY KEY,
                week VARCHAR(100) NOT NULL,
                done_until_ms BIGINT NOT NULL
            )
            """,
        ),
    ),
)
_NAME = "weekly"
_SELECT = "SELECT week, done_until_ms FROM quality_reviews WHERE name = :name"
_PUT = """
INSERT INTO quality_reviews (name, week, done_until_ms) VALUES (:name, :week, :done_until_ms)
ON CONFLICT (name) DO UPDATE SET week = excluded.week, done_until_ms = excluded.done_until_ms
"""
_DELETE = "DELETE FROM quality_reviews WHERE name = :name"


@dataclass(frozen=True, slots=True)
class Done:
    """Weeks of this kind are done with up to an instant (ms)."""

    week: str
    until: int


class ReviewKeeping:
    """Reads and writes its one row."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def open(self) -> Done | None:
        """What is done with; None where nothing is known. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        rows = await self._control.rows(_SELECT, {"name": _NAME})
        return Done(str(rows[0][0]), int(str(rows[0][1]))) if rows else None

    async def put(self, done: Done) -> None:
        """Keep it. Raises StoreFailure."""
        await self._control.run([(_PUT, [{"name": _NAME, "week": done.week, "done_until_ms": done.until}])])

    async def forget(self) -> None:
        """Know of nothing any more. Raises StoreFailure."""
        await self._control.run([(_DELETE, [{"name": _NAME}])])
