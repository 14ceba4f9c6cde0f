"""What the tests of discovery share."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.discovery import DiscoveryMetrics, Provider, TargetGroup

# The doubles lie beside the tests, which importlib's mode does not look for.
sys.path.insert(0, str(Path(__file__).parent))

PATIENCE_S = 20.0


class Follower:
    """Gathers what a provider yields, by source, as Discovery would."""

    def __init__(self, updates: AsyncGenerator[tuple[TargetGroup, ...]]) -> None:
        self._updates = updates
        self.groups: dict[str, TargetGroup] = {}

    async def until(self, condition: Callable[[dict[str, TargetGroup]], bool]) -> dict[str, TargetGroup]:
        """The groups once they satisfy the condition."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for group in await anext(self._updates):
                    if group.targets:
                        self.groups[group.source] = group
                    else:
                        self.groups.pop(group.source, None)
                if condition(self.groups):
                    return self.groups

    def addresses(self) -> list[str]:
        """All addresses now."""
        groups = self.groups.values()
        return sorted(labels["__address__"] for group in groups for labels in group.label_sets())


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> DiscoveryMetrics:
    return DiscoveryMetrics(registry)


@pytest.fixture
async def follow() -> AsyncGenerator[Callable[[Provider], Follower]]:
    """Follows providers until the test ends."""
    open_updates: list[AsyncGenerator[tuple[TargetGroup, ...]]] = []

    def start(provider: Provider) -> Follower:
        updates = provider.updates()
        open_updates.append(updates)
        return Follower(updates)

    yield start
    for updates in open_updates:
        await updates.aclose()
