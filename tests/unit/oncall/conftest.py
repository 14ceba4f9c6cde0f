"""A room over a control database in memory, with a clock moved by hand."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from answering import answering

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import Desk, Told, configured

from journals import open_journal
from watchkeeper.access import Signer
from watchkeeper.notify import Notify
from watchkeeper.oncall import OnCall
from watchkeeper.store.control import ControlDatabase


@pytest.fixture
async def control(tmp_path: Path) -> AsyncGenerator[ControlDatabase]:
    database = ControlDatabase.at(f"sqlite:///{tmp_path}/control.db")
    yield database
    await database.close()


@pytest.fixture
async def told() -> AsyncGenerator[Told]:
    told = Told()
    async with answering(told.handle) as told.url:
        yield told


@pytest.fixture
def desk(control: ControlDatabase, clock: Any, told: Told) -> Any:
    """Opens rooms, one after the other, on the same control database."""
    numbers = count(1)

    @asynccontextmanager
    async def open_desk(text: str) -> AsyncGenerator[Desk]:
        registry = CollectorRegistry()
        journal = await open_journal(control, clock)
        signer, external_url = Signer(clock, b"k" * 32), "http://watchkeeper.example.org"
        notify = Notify(control, journal, clock, registry, signer, external_url=external_url)
        room = OnCall(control, journal, notify, clock, registry, lambda: f"{next(numbers):016x}")
        notify.page_by(room.escalations)
        configuration = configured(text, told.url)
        await notify.open()
        await notify.apply(notify.prepare(configuration.notify))
        await room.open()
        room.apply(configuration.roster)
        yield Desk(room, notify, journal, clock, registry, told)
        await room.close()
        await notify.close()
        await journal.close()

    return open_desk
