"""The acknowledgements in force: given, taken back, and ended by what happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeAlias

from watchkeeper.base.clock import Clock
from watchkeeper.base.jumps import Jumps
from watchkeeper.journal import Journal
from watchkeeper.oncall import acknowledgement_keeping as keeping
from watchkeeper.oncall.acknowledgement import Acknowledgement, Answer, Change, Ending, GroupName
from watchkeeper.oncall.acknowledgement_journal import entry
from watchkeeper.store import StoreFailure
from watchkeeper.store.control import ControlDatabase

log = logging.getLogger(__name__)

LOOK_S = 15.0
"""How often it is looked for what has timed out, and for groups that are gone."""

Firing: TypeAlias = Callable[[str, str], Collection[str]]
"""The fingerprints of the alerts that fire in a tenant's group now; none where there is no such group."""
Listener: TypeAlias = Callable[[Change], None]


class Acknowledgements:
    """One at the most for each group, in memory and in the control database; all on one event loop.

    `open` before use; `follow` once groups can be asked for, `close` at the end.
    """

    def __init__(self, control: ControlDatabase, journal: Journal, clock: Clock) -> None:
        self._control = control
        self._journal = journal
        self._clock = clock
        self._jumps = Jumps(clock)
        self._held: dict[GroupName, Acknowledgement] = {}
        self._changing = asyncio.Lock()
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up what was kept. Raises StoreFailure."""
        await self._control.migrate(keeping.ROOM, keeping.STEPS)
        self._held = {one.name: one for one in await keeping.kept(self._control)}

    def follow(self, firing: Firing) -> None:
        """From now on end what has timed out, and what is about groups in which nothing fires any more."""
        self._task = asyncio.create_task(self._run(firing), name="acknowledgements")

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def on_change(self, listener: Listener) -> None:
        """Tell `listener` of every change from now on, once it is kept; it must neither wait nor raise."""
        self._listeners.append(listener)

    @property
    def count(self) -> int:
        """How many are in force, those that have timed out just now included."""
        return len(self._held)

    def of(self, tenant: str, group_key: str) -> Acknowledgement | None:
        """The one that holds for a group now, if any."""
        one = self._held.get((tenant, group_key))
        return None if one is None or one.has_timed_out(self._clock.now_ms()) else one

    def all(self, tenant: str) -> list[Acknowledgement]:
        """A tenant's, the newest first."""
        now = self._clock.now_ms()
        own = (one for one in self._held.values() if one.tenant == tenant and not one.has_timed_out(now))
        return sorted(own, key=lambda one: (-one.at, one.group_key))

    def is_acknowledged(self, tenant: str, group_key: str, firing: Collection[str]) -> bool:
        """Say whether one holds for a group in which these alerts fire, and covers all of them."""
        one = self._held.get((tenant, group_key))
        return one is not None and one.holds(firing, self._clock.now_ms())

    def who_has(self, tenant: str, group_key: str, firing: Collection[str]) -> str:
        """Who has acknowledged all of these alerts of a group; empty where nobody has."""
        one = self._held.get((tenant, group_key))
        return (one.actor or "somebody") if one is not None and one.holds(firing, self._clock.now_ms()) else ""

    async def acknowledge(
        self,
        tenant: str,
        group_key: str,
        alerts: Collection[str],
        actor: str,
        via: str,
        for_ms: int,
        *,
        comment: str = "",
        closed: bool = False,
    ) -> Answer:
        """Acknowledge the alerts that fire in a group, for so long (0: until it ends by itself).

        Where one holds that covers them, it stays as it is, whoever gave it; only closing goes beyond acknowledging.
        Raises StoreFailure; then nothing has changed.
        """
        async with self._changing:
            await self._set_back()
            now = self._clock.now_ms()
            before = self._held.get((tenant, group_key))
            if before is not None and before.holds(alerts, now) and (before.closed or not closed):
                return Answer(before, given=False)
            until = now + for_ms if for_ms and not closed else None
            one = Acknowledgement(
                tenant, group_key, frozenset(alerts), actor, via, now, until, comment=comment, closed=closed
            )
            await self._put(one, Change(one, actor=actor))
            return Answer(one, given=True)

    async def release(self, tenant: str, group_key: str, actor: str) -> Acknowledgement | None:
        """Take a group's acknowledgement back; the one that held until now, if any. Raises StoreFailure."""
        async with self._changing:
            before = self.of(tenant, group_key)
            if before is not None:
                await self._end(before, Ending.RELEASED, actor)
            return before

    def knows(self, tenant: str, group_key: str) -> bool:
        """Say whether a group has one, though it may be over."""
        return (tenant, group_key) in self._held

    async def look(self, tenant: str, group_key: str, alerts: Mapping[str, bool]) -> bool:
        """Say whether a group that is about to be told is acknowledged; `alerts` says of each whether it fires.

        One that does not cover every firing alert ends here, and so does one of a group in which nothing fires. An
        alert that has ended is covered no longer: when it fires again it is new.
        """
        async with self._changing:
            one = self._held.get((tenant, group_key))
            return one is not None and await self._still_holds(one, alerts)

    async def _still_holds(self, one: Acknowledgement, alerts: Mapping[str, bool]) -> bool:
        firing = [name for name, fires in alerts.items() if fires]
        if ending := _ending(one, firing, self._clock.now_ms()):
            await self._end_somehow(one, ending)
            return False
        left = one.alerts - (alerts.keys() - set(firing))
        if left != one.alerts:
            await self._keep_somehow(replace(one, alerts=left))
        return True

    async def _put(self, one: Acknowledgement, change: Change) -> None:
        entries = self._journal.writes([entry(change, self._clock.now_ms())])
        await self._control.run([keeping.put(one), *entries])
        self._held[one.name] = one
        self._tell(change)

    async def _end(self, one: Acknowledgement, ending: Ending, actor: str = "") -> None:
        change = Change(one, ending, actor)
        entries = self._journal.writes([entry(change, self._clock.now_ms())])
        await self._control.run([keeping.deleted(one.name), *entries])
        self._held.pop(one.name, None)
        self._tell(change)

    async def _end_somehow(self, one: Acknowledgement, ending: Ending) -> None:
        """End one; a database that takes nothing must not keep people from being told."""
        try:
            await self._end(one, ending)
        except StoreFailure as failure:
            log.warning("an acknowledgement that is over is still kept, the next look tries again: %s", failure)

    async def _keep_somehow(self, one: Acknowledgement) -> None:
        self._held[one.name] = one
        try:
            await self._control.run([keeping.put(one)])
        except StoreFailure as failure:
            log.warning("an acknowledgement could not be kept as it is now: %s", failure)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            try:
                listener(change)
            except Exception:
                log.exception("a listener failed to take a change of an acknowledgement")

    async def _run(self, firing: Firing) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.end_old(firing)
            except Exception:
                log.exception("acknowledgements that are over could not be ended, the next look tries again")

    async def _set_back(self) -> None:
        """Where the clock has been set back, put the time-outs as far from it as they were."""
        if back_ms := self._jumps.back_ms():
            for one in list(self._held.values()):
                if one.until is not None:
                    await self._keep_somehow(replace(one, until=one.until - back_ms))

    async def end_old(self, firing: Firing) -> None:
        """End what has timed out, and what is about groups in which nothing fires.

        Whether an alert is new is found when its group is told: one that a silence holds back ends nothing. Where the
        clock has been set back they still time out after as long as they were given.
        """
        async with self._changing:
            await self._set_back()
        for one in list(self._held.values()):
            async with self._changing:
                if self._held.get(one.name) is not one:
                    continue
                if not firing(*one.name):
                    await self._end_somehow(one, Ending.RESOLVED)
                elif one.has_timed_out(self._clock.now_ms()):
                    await self._end_somehow(one, Ending.TIMED_OUT)


def _ending(one: Acknowledgement, firing: Collection[str], at: int) -> Ending | None:
    """Why one is over at the instant `at`, or None where it holds."""
    if not firing:
        return Ending.RESOLVED
    if one.has_timed_out(at):
        return Ending.TIMED_OUT
    return None if one.holds(firing, at) else Ending.NEW_ALERT
