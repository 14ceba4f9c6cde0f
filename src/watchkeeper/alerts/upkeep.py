"""What must be done from time to time, whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from watchkeeper.alerts.batching import AlertWriter
from watchkeeper.alerts.recurring.recurring_silences import RecurringSilences
from watchkeeper.alerts.silences import Silences
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

WRITE_S = 30.0
"""How old what is kept of alerts' ends may be."""
FORGET_ROUNDS = 60
"""Ended alerts are forgotten every half an hour, as Alertmanager forgets them."""


class Upkeep:
    """Writes alerts whose end was put off; plans and watches silences; forgets alerts and silences that have ended."""

    def __init__(
        self,
        forget_resolved: Callable[[], None],
        writer: AlertWriter,
        silences: Silences,
        recurring: RecurringSilences,
        watch_silences: Callable[[], Awaitable[None]],
    ) -> None:
        self._forget_resolved = forget_resolved
        self._writer = writer
        self._silences = silences
        self._recurring = recurring
        self._watch_silences = watch_silences
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._run(), name="alerts' upkeep")

    async def stop(self) -> None:
        """End the rounds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(WRITE_S)
            number += 1
            try:
                await self.round(forget=number % FORGET_ROUNDS == 0)
            except StoreFailure as failure:
                log.warning("the alerts' upkeep goes on in the next round: %s", failure)
            except Exception:
                log.exception("the alerts' upkeep failed in an unforeseen way and goes on in the next round")

    async def round(self, *, forget: bool) -> None:
        """One round. Raises StoreFailure."""
        self._silences.record_ends()
        await self._recurring.plan()
        if forget:
            self._forget_resolved()
            await self._silences.forget_old(self._recurring.current())
        await self._writer.written()
        await self._watch_silences()
