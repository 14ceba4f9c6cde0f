"""What is appended is what is selected, before and after a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchkeeper.model.labels import Labels
from watchkeeper.store import Store

NOW = 1_763_700_000_000
Make = Callable[..., Any]


async def test_a_sample_comes_back(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    labels = {"__name__": "up", "job": "node"}
    outcome = await store.append(batch_of(store, (labels, NOW - 1000, 1.5)))
    assert outcome.accepted == 1
    assert plain(store.select(named("up"))) == {Labels(labels): [(NOW - 1000, 1.5)]}


async def test_samples_come_back_after_a_restart(opened: Make, batch_of: Make, named: Make, plain: Make) -> None:
    samples = [
        ({"__name__": "m", "i": str(i)}, NOW - 60_000 + t * 1000, i / 8 + t) for t in range(5) for i in range(100)
    ]
    async with opened() as store:
        await store.append(batch_of(store, *samples))
        before = plain(store.select(named("m")))
    async with opened() as store:
        assert plain(store.select(named("m"))) == before
        assert len(before) == 100
        assert store.label_values("default", "i") == sorted(str(i) for i in range(100))
