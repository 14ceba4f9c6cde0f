"""Several providers as one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from watchkeeper.discovery import Discovery, TargetGroup
from watchkeeper.discovery import discovery as module


class Scripted:
    """Yields what it is told to."""

    kind = "scripted"

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[TargetGroup, ...] | Exception] = asyncio.Queue()

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        while True:
            item = await self.queue.get()
            if isinstance(item, Exception):
                raise item
            yield item


def addresses(groups: tuple[TargetGroup, ...]) -> list[str]:
    return sorted(labels["__address__"] for group in groups for labels in group.label_sets())


def group(source: str, *targets: str) -> TargetGroup:
    return TargetGroup(source, tuple({"__address__": target} for target in targets))


async def next_addresses(updates: AsyncGenerator[tuple[TargetGroup, ...]]) -> list[str]:
    async with asyncio.timeout(10):
        return addresses(await anext(updates))


async def test_providers_are_merged_and_groups_of_one_name_stay_apart(metrics):
    first, second = Scripted(), Scripted()
    updates = Discovery("job", [first, second], metrics, debounce_s=0.0).updates()
    first.queue.put_nowait((group("x", "a:1"),))
    second.queue.put_nowait((group("x", "b:1"),))
    assert await next_addresses(updates) == ["a:1", "b:1"]
    first.queue.put_nowait((group("x"),))
    assert await next_addresses(updates) == ["b:1"]
    await updates.aclose()


async def test_changes_within_the_debounce_come_as_one(metrics, registry):
    provider = Scripted()
    updates = Discovery("job", [provider], metrics, debounce_s=0.05).updates()
    provider.queue.put_nowait((group("x", "a:1"),))
    assert await next_addresses(updates) == ["a:1"]
    for i in range(5):
        provider.queue.put_nowait((group(str(i), f"b:{i}"),))
    assert len(await next_addresses(updates)) == 6
    assert registry.get_sample_value("watchkeeper_discovery_updates_total", {"job": "job"}) == 2
    assert registry.get_sample_value("watchkeeper_discovery_targets", {"job": "job"}) == 6
    await updates.aclose()
    metrics.forget("job")
    assert registry.get_sample_value("watchkeeper_discovery_targets", {"job": "job"}) is None


async def test_a_provider_that_breaks_keeps_its_targets_and_starts_again(metrics, registry, monkeypatch):
    monkeypatch.setattr(module, "RESTART_S", 0.0)
    broken, sound = Scripted(), Scripted()
    updates = Discovery("job", [broken, sound], metrics, debounce_s=0.0).updates()
    broken.queue.put_nowait((group("x", "a:1"),))
    assert await next_addresses(updates) == ["a:1"]
    broken.queue.put_nowait(RuntimeError("out of luck"))
    sound.queue.put_nowait((group("y", "b:1"),))
    assert await next_addresses(updates) == ["a:1", "b:1"]
    broken.queue.put_nowait((group("x", "c:1"),))
    assert await next_addresses(updates) == ["b:1", "c:1"]
    assert registry.get_sample_value("watchkeeper_discovery_failures_total", {"kind": "scripted"}) == 1
    await updates.aclose()


async def test_a_job_without_providers_has_no_targets(metrics):
    updates = Discovery("job", [], metrics).updates()
    assert await next_addresses(updates) == []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(updates), 0.01)
    await updates.aclose()
