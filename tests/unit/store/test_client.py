"""Connections to the engine: as many as are needed, as long as they are."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from watchkeeper.store import Endpoint, StoreFailure, Target
from watchkeeper.store.client import Client

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


async def test_whoever_waits_for_a_lost_engine_is_let_go_when_the_store_closes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Client(Target(Endpoint(host="127.0.0.1", port=port)), "default", patience_s=3600)
    asking = asyncio.create_task(asyncio.to_thread(client.query, "SELECT 1"))
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not done
    client.close()
    with pytest.raises(StoreFailure, match="closed"):
        await asyncio.wait_for(asking, 30)
