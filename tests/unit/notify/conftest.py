"""Rooms over a control database in memory."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from watchkeeper.notify import Notify
from watchkeeper.store.control import ControlDatabase

sys.path.insert(0, str(Path(__file__).parent))

from notify_house import Clock, House, Open, Recorder

from journals import open_journal


@pytest.fixture
async def recorder() -> AsyncGenerator[Recorder]:
    recorder = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield recorder
    await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def control(control_url: str) -> AsyncGenerator[ControlDatabase]:
    database = ControlDatabase.at(control_url)
    yield database
    await database.close()


@pytest.fixture
def house(clock: Clock, control: ControlDatabase) -> Open:
    """Opens rooms, one after the other, on the same control database."""

    @asynccontextmanager
    async def open_house(text: str) -> AsyncGenerator[House]:
        registry = CollectorRegistry()
        external = "http://watchkeeper.example.org"
        numbers = count(1)
        journal = await open_journal(control, clock)
        notify = Notify(
            control,
            journal,
            clock,
            registry,
            external_url=external,
            environ={},
            sleep=clock.sleep,
            jitter=lambda: 0.5,
            unique=lambda: f"{next(numbers):016x}",
        )
        await notify.open()
        one = House(notify, clock, registry)
        await one.apply(text)
        yield one
        await notify.close()
        await journal.close()

    return open_house
