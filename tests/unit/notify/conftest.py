"""Rooms over a control database of their own."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from answering import answering
from watchkeeper.access import Signer
from watchkeeper.model.alert import Alert
from watchkeeper.notify import Notify
from watchkeeper.store.control import ControlDatabase

sys.path.insert(0, str(Path(__file__).parent))

from notify_house import KEY, Clock, House, Open, Recorder

from journals import open_journal


@pytest.fixture
async def recorder() -> AsyncGenerator[Recorder]:
    recorder = Recorder()
    async with answering(recorder.handle) as recorder.url:
        yield recorder


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
        alarms: list[Alert] = []
        journal = await open_journal(control, clock)
        notify = Notify(
            control,
            journal,
            clock,
            registry,
            Signer(clock, KEY),
            external_url=external,
            alarm=alarms.append,
            environ={},
            sleep=clock.sleep,
            jitter=lambda: 0.5,
            unique=lambda: f"{next(numbers):016x}",
        )
        await notify.open()
        one = House(notify, clock, registry, journal, alarms)
        await one.apply(text)
        yield one
        await notify.close()
        await journal.close()

    return open_house
