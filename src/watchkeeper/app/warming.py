"""Compiles kernels before somebody waits for them; from the cache of an earlier start it takes a moment."""

from __future__ import annotations

import asyncio
import threading
from itertools import chain

from watchkeeper.app.condition import Condition
from watchkeeper.query.promql import warm as warm_queries
from watchkeeper.receive.remote_write import warm_up as warm_remote_write
from watchkeeper.store.index import warm_up as warm_index
from watchkeeper.store.warm import warm_up as warm_store


class Warming:
    """What every commit needs is compiled before we are ready, the rest behind it."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._store = asyncio.create_task(asyncio.to_thread(self._warm_store), name="warming of the store")
        self._others: asyncio.Task[None] | None = None

    def _warm_store(self) -> None:
        for _ in chain(warm_index(), warm_store()):
            if self._ended.is_set():
                return

    def _warm_others(self) -> None:
        warm_queries(lambda: not self._ended.is_set(), first_only=True)
        if not self._ended.is_set():
            warm_remote_write()
        warm_queries(lambda: not self._ended.is_set())

    async def store(self, condition: Condition) -> None:
        """Wait until the store's kernels are there, then go on with the others in a thread."""
        condition.becomes("compiling kernels (only the first start takes long)")
        await self._store
        self._others = asyncio.create_task(asyncio.to_thread(self._warm_others), name="warming of the others")

    async def close(self) -> None:
        """Stop after the kernel that is being compiled."""
        self._ended.set()
        tasks = [task for task in (self._store, self._others) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
