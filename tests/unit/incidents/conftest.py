"""The room over real alerts, one after the other on the same database, with a clock that tests move."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pages import Pages
from ward import Ward


@pytest.fixture
async def ward(control_url: str) -> AsyncIterator[Ward]:
    made = Ward(control_url)
    yield made
    await made.stop()


@pytest.fixture
async def pages(ward: Ward) -> AsyncIterator[Pages]:
    made = Pages(ward)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def pages_with_logins(ward: Ward, tmp_path: Path) -> AsyncIterator[Pages]:
    made = Pages(ward)
    await made.start(tmp_path / "web.yml")
    yield made
    await made.stop()
