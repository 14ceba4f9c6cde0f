"""A house for each bad day."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent))

from bad_days_house import Channels, House


@pytest.fixture
async def channels() -> AsyncIterator[Channels]:
    made = Channels()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def bad_day(control_url: str, channels: Channels) -> AsyncIterator[House]:
    made = House(control_url, channels)
    yield made
    await made.stop()
