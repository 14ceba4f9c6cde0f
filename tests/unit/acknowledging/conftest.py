"""A house for each test of acknowledging."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent))

from acknowledging_house import House, Outside


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    made = Outside()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def house(tmp_path: Path, outside: Outside) -> AsyncIterator[House]:
    made = House(tmp_path, outside)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def house_with_logins(tmp_path: Path, outside: Outside) -> AsyncIterator[House]:
    made = House(tmp_path, outside)
    await made.start(users=True)
    yield made
    await made.stop()
