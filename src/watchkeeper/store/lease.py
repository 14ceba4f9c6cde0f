"""Who of several processes does what only one may do: a lease in the control database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.base.clock import Clock
from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "leases"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "leases",
        (
            """
            CREATE TABLE control_leases (
                name VARCHAR(40) NOT NULL PRIMARY KEY,
                holder VARCHAR(64) NOT NULL,
                address TEXT NOT NULL,
                renewals BIGINT NOT NULL
            )
            """,
        ),
    ),
)
_SELECT = "SELECT holder, address, renewals FROM control_leases WHERE name = :name"
_FIRST = """
INSERT INTO control_leases (name, holder, address, renewals) VALUES (:name, :holder, :address, 0)
ON CONFLICT (name) DO NOTHING
"""
_RENEW = """
UPDATE control_leases SET renewals = renewals + 1, address = :address WHERE name = :name AND holder = :holder
RETURNING renewals
"""
_TAKE = """
UPDATE control_leases SET holder = :holder, address = :address, renewals = renewals + 1
WHERE name = :name AND holder = :before AND renewals = :renewals
"""
_RELEASE = "UPDATE control_leases SET holder = '', renewals = renewals + 1 WHERE name = :name AND holder = :holder"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the lease is ours, and otherwise the address (a URL) of whoever had it when we looked."""

    mine: bool
    address: str = ""


class Lease:
    """A lease that lasts while its holder renews it. `open`, then `tend` every few seconds, and `release` at the end.

    Nobody compares wall clocks: one that is not renewed for `lasts_s`, on the clock of whoever watches it, is free.
    """

    def __init__(
        self, control: ControlDatabase, clock: Clock, name: str, *, holder: str, address: str, lasts_s: float
    ) -> None:
        self._control = control
        self._clock = clock
        self._names = {"name": name, "holder": holder}
        self._address = address
        self._lasts_s = lasts_s
        self._seen: tuple[object, object] | None = None
        self._seen_at_s = 0.0
        self._mine = False

    async def open(self) -> None:
        """Make the table. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)

    async def tend(self) -> Standing:
        """Renew the lease, or take it if it is free. Raises StoreFailure: then nothing is known anew."""
        mine = {**self._names, "address": self._address}
        if self._mine:
            self._mine = bool(await self._control.rows(_RENEW, mine))
            if self._mine:
                return Standing(mine=True)
        await self._control.run([(_FIRST, [mine])])
        holder, address, renewals = (await self._control.rows(_SELECT, {"name": mine["name"]}))[0]
        if holder != mine["holder"] and self._is_free(holder, renewals):
            await self._control.run([(_TAKE, [{**mine, "before": holder, "renewals": renewals}])])
            holder, address, _ = (await self._control.rows(_SELECT, {"name": mine["name"]}))[0]
        self._mine = holder == mine["holder"]
        return Standing(self._mine, "" if self._mine else str(address))

    async def release(self) -> None:
        """Let others have it at once. Raises StoreFailure."""
        self._mine = False
        await self._control.run([(_RELEASE, [self._names])])

    def _is_free(self, holder: object, renewals: object) -> bool:
        now_s = self._clock.monotonic_s()
        if (holder, renewals) != self._seen:
            self._seen, self._seen_at_s = (holder, renewals), now_s
        return not holder or now_s - self._seen_at_s >= self._lasts_s
