"""Alerts on their way into the database: what arrives while one batch is written makes up the next one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice

from watchkeeper.alerts.alert_keeping import AlertKeeping
from watchkeeper.alerts.held import HeldAlert, Identity
from watchkeeper.base.clock import Clock
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

_AT_ONCE = 1000


class AlertWriter:
    """Writes alerts that changed. `start` before use, `stop` at the end; all on one event loop."""

    def __init__(self, keeping: AlertKeeping, clock: Clock) -> None:
        self._keeping = keeping
        self._clock = clock
        self._changed: dict[Identity, HeldAlert] = {}
        self._gone: set[Identity] = set()
        self._asked: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Write from now on."""
        self._task = asyncio.create_task(self._run(), name="alerts' writer")

    async def stop(self) -> None:
        """Write what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    def changed(self, held: HeldAlert) -> None:
        """Write this one with the next batch."""
        self._changed[held.identity] = held
        self._gone.discard(held.identity)

    def gone(self, held: HeldAlert) -> None:
        """Delete this one with the next batch."""
        self._gone.add(held.identity)
        self._changed.pop(held.identity, None)

    def soon(self) -> None:
        """Write what has changed, without anybody waiting for it."""
        self._wake.set()

    async def written(self) -> None:
        """Return when all that has changed so far is written. Raises StoreFailure."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._wake.set()
        await asked

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write()

    async def _write(self) -> None:
        changed, self._changed = self._changed, {}
        gone, self._gone = self._gone, set()
        asked, self._asked = self._asked, []
        try:
            await self._put(changed.values(), gone)
        except StoreFailure as failure:
            log.warning("%d alerts could not be kept, the next batch tries again: %s", len(changed), failure)
            self._changed = {**changed, **self._changed}
            self._gone |= gone - self._changed.keys()
            _settle(asked, failure)
        except Exception:
            # Whoever sent them must not wait for ever, nor whoever sends others.
            log.exception("%d alerts could not be kept in an unforeseen way", len(changed))
            _settle(asked, StoreFailure("alerts could not be kept, the log says why", retryable=False))
        else:
            _settle(asked, None)

    async def _put(self, changed: Iterable[HeldAlert], gone: Iterable[Identity]) -> None:
        """Keep and delete them, so many in a transaction that all their texts are never in memory at once."""
        rest = iter(changed)
        await self._keeping.put(islice(rest, _AT_ONCE), gone, self._clock.now_ms())
        while some := list(islice(rest, _AT_ONCE)):
            await self._keeping.put(some, (), self._clock.now_ms())


def _settle(asked: list[asyncio.Future[None]], failure: StoreFailure | None) -> None:
    for one in asked:
        if one.done():
            continue
        if failure is None:
            one.set_result(None)
        else:
            one.set_exception(failure)
