"""A group's rounds, one after the other, at their due times."""

from __future__ import annotations

import asyncio
import logging

from watchkeeper.rules.distress import Distress
from watchkeeper.rules.group import RunningGroup
from watchkeeper.rules.restoring import Restorer
from watchkeeper.rules.schedule import first_due, next_due
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

_BEFORE_RESTORING = 2
"""Rounds before alerts are restored: by then what they look at has been scraped and recorded again."""
_LONGEST_SLEEP_S = 60.0
"""Longer waits are taken in parts, so that a clock that was set is noticed."""


class GroupLoop:
    """Evaluates one group until it is told to stop."""

    def __init__(self, running: RunningGroup, distress: Distress, restorer: Restorer | None = None) -> None:
        self.running = running
        self._distress = distress
        self.restorer = restorer
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with the rounds."""
        self._task = asyncio.create_task(self._run(), name=f"rule group {self.running.group.name}")

    async def stop(self, *, at_once: bool = False) -> None:
        """End, after the round under way; with `at_once` its queries are broken off."""
        self._stopping.set()
        if at_once:
            self.running.cancellation.cancel()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        group, clock = self.running.group, self.running.house.clock
        due, rounds = first_due(group, clock.now_ms()), 0
        while (at := await self._comes(due)) is not None:
            await self.running.evaluate(at)
            await self._distress.note(group, self.running.errors, at)
            rounds += 1
            if rounds >= _BEFORE_RESTORING and self.restorer is not None:
                self.restorer = await self._restored(self.restorer)
            due, missed = next_due(group, at, clock.now_ms())
            self.running.missed(1 + missed, missed)

    async def _restored(self, restorer: Restorer) -> Restorer | None:
        """Restore alerts; the restorer again where that has to be tried once more."""
        try:
            await restorer.restore(self.running)
        except StoreFailure as why:
            log.warning("the alerts of group %s are restored later: %s", self.running.group.name, why)
            return restorer
        return None

    async def _comes(self, due: int) -> int | None:
        """Wait for the instant `due`, and give it; None where the end comes first.

        Where the clock is set back meanwhile, it is the next due instant on the clock as it is now.
        """
        group, clock = self.running.group, self.running.house.clock
        while not self._stopping.is_set():
            left_ms = due - clock.now_ms()
            if left_ms <= 0:
                return due
            if left_ms > 2 * group.interval_ms:
                due = first_due(group, clock.now_ms())
                continue
            try:
                async with asyncio.timeout(min(left_ms / 1000, _LONGEST_SLEEP_S)):
                    await self._stopping.wait()
            except TimeoutError:
                continue
        return None
