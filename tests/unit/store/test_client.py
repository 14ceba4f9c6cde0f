"""Connections to the engine: as many as are needed, as long as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import psutil

from watchkeeper.store import Target

NOW = 1_763_700_000_000


async def test_a_closed_store_leaves_no_connection_behind(
    opened: Callable[..., Any], batch_of: Callable[..., Any], target: Target
) -> None:
    def connections() -> set[int]:
        here = psutil.Process().net_connections("tcp")
        return {one.laddr.port for one in here if one.raddr and one.raddr.port == target.endpoint.port}

    before = connections()
    async with opened() as store:
        await store.append(batch_of(store, ({"__name__": "up"}, NOW, 1.0)))
        await asyncio.to_thread(store.sql, "default", "SELECT 1")
        assert connections() - before
    assert not connections() - before
