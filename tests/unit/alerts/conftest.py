"""A workshop for each test of routing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_workshop import Workshop, received, routing

from watchkeeper.alerts import Received, Routing


@pytest.fixture
async def workshop(control_url: str) -> AsyncIterator[Workshop]:
    made = Workshop(control_url)
    yield made
    await made.stop()


@pytest.fixture
def alert() -> Callable[..., Received]:
    return received


@pytest.fixture
def route() -> Callable[[str], Routing]:
    return routing
