"""A house for each test of acknowledging."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from answering import answering

sys.path.insert(0, str(Path(__file__).parent))

from acknowledging_house import House, Outside


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    made = Outside()
    async with answering(made.handle) as made.url:
        yield made


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
