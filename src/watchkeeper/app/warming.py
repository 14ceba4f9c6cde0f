"""Compiles kernels before somebody waits for them; from the cache of an earlier start it takes a moment."""

from __future__ import annotations

import asyncio
import threading

from watchkeeper.app.condition import Condition
from watchkeeper.query.promql import warm as warm_queries
from watchkeeper.receive.remote_write import warm_up as warm_remote_write
from watchkeeper.store.index import warm_up as warm_index
from watchkeeper.store.warm import warm_up as warm_store


class Warming:
    """What ingest needs is compiled before we are ready, what queries need behind it."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._ingest = asyncio.create_task(asyncio.to_thread(self._warm_ingest), name="warming of ingest")
        self._queries: asyncio.Task[None] | None = None

    def _warm_ingest(self) -> None:
        for warm in (warm_index, warm_store, warm_remote_write):
            if not self._ended.is_set():
                warm()

    async def ingest(self, condition: Condition) -> None:
        """Wait until the kernels of ingest are there, then go on with those of queries in a thread."""
        condition.becomes("compiling kernels (only the first start takes long)")
        await self._ingest
        going_on = self._ended.is_set
        self._queries = asyncio.create_task(asyncio.to_thread(warm_queries, lambda: not going_on()), name="warming")

    async def close(self) -> None:
        """Stop after the kernel that is being compiled."""
        self._ended.set()
        tasks = [task for task in (self._ingest, self._queries) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
