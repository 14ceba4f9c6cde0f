"""The table of heartbeats in the control database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "heartbeats"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "heartbeats",
        (
            """
            CREATE TABLE oncall_heartbeats (
                name VARCHAR(100) NOT NULL PRIMARY KEY,
                expected_since_ms BIGINT NOT NULL,
                last_at_ms BIGINT,
                late_since_ms BIGINT,
                said TEXT NOT NULL
            )
            """,
        ),
    ),
)
_SELECT = "SELECT name, expected_since_ms, last_at_ms, late_since_ms, said FROM oncall_heartbeats"
_PUT = """
INSERT INTO oncall_heartbeats (name, expected_since_ms, last_at_ms, late_since_ms, said)
VALUES (:name, :expected_since, :last_at, :late_since, :said)
ON CONFLICT (name) DO UPDATE SET
    last_at_ms = excluded.last_at_ms, late_since_ms = excluded.late_since_ms, said = excluded.said
"""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of one heartbeat; times in ms since the epoch.

    `expected_since` is when we first heard that there would be one, `last_at` its last sign of life, `late_since` when
    the alert began that is firing, `said` what came with a report of failure.
    """

    expected_since: int
    last_at: int | None = None
    late_since: int | None = None
    said: str = ""

    def sooner(self, by_ms: int) -> Pulse:
        """The same, heard so much sooner."""
        last_at = None if self.last_at is None else self.last_at - by_ms
        return replace(self, expected_since=self.expected_since - by_ms, last_at=last_at)


class HeartbeatKeeping:
    """Reads and writes pulses."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def open(self) -> dict[str, Pulse]:
        """Every pulse that is kept, by name. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        return {str(name): _pulse(*rest) for name, *rest in await self._control.rows(_SELECT)}

    async def put(self, name: str, pulse: Pulse) -> None:
        """Keep a pulse. Raises StoreFailure."""
        row = {
            "name": name,
            "expected_since": pulse.expected_since,
            "last_at": pulse.last_at,
            "late_since": pulse.late_since,
            "said": pulse.said,
        }
        await self._control.run([(_PUT, [row])])


def _pulse(expected_since: object, last_at: object, late_since: object, said: object) -> Pulse:
    return Pulse(int(str(expected_since)), _ms(last_at), _ms(late_since), str(said))


def _ms(value: object) -> int | None:
    return None if value is None else int(str(value))
