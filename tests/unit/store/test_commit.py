"""Accepted means stored: together or not at all, over a full disk and an engine that dies."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.histogram import Buckets, Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import AppendOutcome, Exemplar, MetricMetadata, SampleBatch
from watchkeeper.store import FREE, LogOptions, Store, StoreBusy, StoreFailure, StoreFull, StoreOptions, Target

NOW = 1_763_700_000_000
Make = Callable[..., Any]
UP = {"__name__": "up", "job": "node"}
_MUCH = 1 << 60


def _room(store: Store, least: int) -> None:
    """Have the engine take samples only while so many bytes of its disk are free."""
    setting = f"MODIFY SETTING min_free_disk_bytes_to_perform_insert = {least}"
    for table in ("samples_raw", "histograms_raw"):
        store.client.command(f"ALTER TABLE {table} {setting}")


async def _appended(store: Store, batch: SampleBatch, clock: Any) -> AppendOutcome:
    """What became of the batch, as soon as there is room for it; the store looks for it again at once."""
    while True:
        clock.ahead_s += 10.0
        try:
            return await store.append(batch)
        except StoreFull:
            await asyncio.sleep(0.02)


async def test_batches_that_wait_are_committed_together(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    batches = [batch_of(store, ({"__name__": "m", "i": str(i)}, NOW, float(i))) for i in range(50)]
    outcomes = await asyncio.gather(*(store.append(batch) for batch in batches))
    assert [outcome.accepted for outcome in outcomes] == [1] * 50
    assert len(plain(store.select(named("m")))) == 50
    parts = store.client.query(
        "SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND table = 'samples_raw'"
    )
    assert int(parts.array("n")[0]) <= 3


async def test_an_append_beyond_the_bound_is_refused_at_once(opened: Make, batch_of: Make) -> None:
    async with opened(StoreOptions(most_waiting=10)) as store:
        batches = [batch_of(store, *[(UP, NOW - i, 1.0) for i in range(8)]) for _ in range(3)]
        answers = await asyncio.gather(*(store.append(batch) for batch in batches), return_exceptions=True)
        assert any(isinstance(answer, StoreBusy) for answer in answers)
        assert not isinstance(answers[0], Exception)
        assert (await store.append(batches[1])).accepted == 8


@pytest.mark.parametrize("log", ["direct"], indirect=True)
async def test_a_full_disk_stops_ingest_until_there_is_room(
    opened: Make, batch_of: Make, named: Make, plain: Make, clock: Any
) -> None:
    async with opened() as store:
        _room(store, least=_MUCH)
        batch = batch_of(store, (UP, NOW, 1.0))
        for _ in range(2):
            with pytest.raises(StoreFull):
                await store.append(batch)
        assert len(store.select(named("up"))) == 0
        _room(store, least=1)
        outcome = await _appended(store, batch, clock)
        # The sample that failed is not taken for a duplicate of itself.
        assert outcome.accepted == 1
        assert plain(store.select(named("up"))) == {Labels(UP): [(NOW, 1.0)]}


@pytest.mark.parametrize("log", ["log"], indirect=True)
async def test_an_engine_without_room_stops_ingest_and_nothing_in_the_log_is_lost(
    opened: Make, batch_of: Make, named: Make, plain: Make, clock: Any
) -> None:
    async with opened() as store:
        _room(store, least=_MUCH)
        await store.append(batch_of(store, (UP, NOW - 1000, 1.0)))
        with pytest.raises(StoreFull):
            await asyncio.to_thread(store.flush)
        with pytest.raises(StoreFull):
            await store.append(batch_of(store, (UP, NOW, 2.0)))
        assert plain(store.select(named("up"))) == {Labels(UP): [(NOW - 1000, 1.0)]}
        _room(store, least=1)
        outcome = await _appended(store, batch_of(store, (UP, NOW, 2.0)), clock)
        assert outcome.accepted == 1
    async with opened() as store:
        assert plain(store.select(named("up"))) == {Labels(UP): [(NOW - 1000, 1.0), (NOW, 2.0)]}


@pytest.mark.parametrize("log", ["log"], indirect=True)
async def test_a_log_for_which_the_engine_has_no_room_at_the_start_is_read_from_memory_until_it_has(
    opened: Make, batch_of: Make, named: Make, plain: Make, clock: Any
) -> None:
    old, new = {"__name__": "up", "i": "old"}, {"__name__": "up", "i": "new"}
    bell = Histogram(3, 4.0, 1.5, positive=Buckets(np.array([-2, 5], dtype=np.int32), np.array([2.0, 2.0])))
    async with opened() as store:
        await store.append(batch_of(store, (old, NOW - 3000, 1.0)))
        await asyncio.to_thread(store.flush)
        _room(store, least=_MUCH)
        refs = store.resolve("default", [Labels(old), Labels(new), Labels({"__name__": "h"})])
        times, values = np.array([NOW - 2000, NOW - 1000, NOW - 2000]), np.array([2.0, 3.0, 0.0])
        exemplar, said = Exemplar(int(refs[1]), Labels({"trace_id": "abc"}), 0.5, NOW), MetricMetadata("up", "gauge")
        starts = np.array([0, NOW - 9000, 0])
        await store.append(SampleBatch("default", refs, times, values, starts, {2: bell}, [exemplar], [said]))
        await store.append(batch_of(store, (old, NOW - 3000, 10.0), (new, NOW, 4.0)))
        await store.append(batch_of(store, (new, NOW - 500, 0.0), tenant="other"))
    samples = {
        Labels(old): [(NOW - 3000, 10.0), (NOW - 2000, 2.0)],
        Labels(new): [(NOW - 1000, 3.0), (NOW, 4.0)],
    }
    for _ in range(2):
        async with opened() as store:
            assert plain(store.select(named("up"))) == samples
            assert plain(store.select(named("up", tenant="other"))) == {Labels(new): [(NOW - 500, 0.0)]}
            block = store.select(named("h"))
            assert [histogram.sum for histogram in block.histograms] == [1.5]
            assert store.label_values("default", "i", start=NOW - 3000, end=NOW) == ["new", "old"]
            assert store.metadata("default") == {"up": (said,)}
            assert store.exemplars("default", [()], 0, NOW)[1] == []
            with pytest.raises(StoreFull):
                await store.append(batch_of(store, (old, NOW, 5.0)))
    async with opened() as store:
        _room(store, least=1)
        # What the log has is judged by, too.
        outcome = await _appended(store, batch_of(store, (new, NOW, 40.0), (old, NOW, 5.0)), clock)
        assert (outcome.accepted, outcome.duplicate_timestamp) == (1, 1)
        await asyncio.to_thread(store.flush)
        doubled = "SELECT series, timestamp, value FROM samples_raw GROUP BY ALL HAVING count() > 1"
        assert store.client.query(doubled).rows == 0
    async with opened() as store:
        samples[Labels(old)].append((NOW, 5.0))
        assert plain(store.select(named("up"))) == samples
        assert store.select(named("up")).starts is not None
        assert [one.value for one in store.exemplars("default", [()], 0, NOW)[1]] == [0.5]


@pytest.mark.parametrize("log", ["log"], indirect=True)
async def test_a_log_that_cannot_grow_takes_nothing_and_forgets_nothing(
    opened: Make, batch_of: Make, named: Make, plain: Make, clock: Any
) -> None:
    async with opened() as store:
        await store.append(batch_of(store, (UP, NOW - 1000, 1.0)))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            with pytest.raises(StoreFull):
                await store.append(batch_of(store, (UP, NOW, 2.0)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert plain(store.select(named("up"))) == {Labels(UP): [(NOW - 1000, 1.0)]}
        outcome = await _appended(store, batch_of(store, (UP, NOW, 3.0)), clock)
        # What was refused is not taken for the newest sample.
        assert (outcome.accepted, outcome.duplicate_timestamp) == (1, 0)
        assert plain(store.select(named("up"))) == {Labels(UP): [(NOW - 1000, 1.0), (NOW, 3.0)]}


@pytest.mark.parametrize("log", ["log"], indirect=True)
async def test_a_log_that_is_too_long_refuses_until_the_engine_has_taken_it(
    opened: Make, batch_of: Make, log: LogOptions
) -> None:
    async with opened(StoreOptions(log=replace(log, most_bytes=100, flush_every_s=0.2))) as store:
        await store.append(batch_of(store, (UP, NOW - 1000, 1.0)))
        with pytest.raises(StoreBusy, match="wait for the engine"):
            await store.append(batch_of(store, (UP, NOW, 1.0)))
        while True:
            try:
                await store.append(batch_of(store, (UP, NOW, 1.0)))
                break
            except StoreBusy:
                await asyncio.sleep(0.05)


async def test_a_batch_with_dropped_series_does_not_take_others_with_it(store: Store, batch_of: Make) -> None:
    first = batch_of(store, (UP, NOW - 1000, 1.0))
    await store.append(first)
    before = store.generation
    await store.delete_series("default", [()], 0, NOW)
    assert store.generation > before
    other = batch_of(store, ({"__name__": "m"}, NOW, 1.0))
    answers = await asyncio.gather(store.append(first), store.append(other), return_exceptions=True)
    assert isinstance(answers[0], StoreFailure)
    assert answers[0].retryable
    assert not isinstance(answers[1], Exception)


async def test_a_closed_store_takes_nothing(opened: Make, batch_of: Make) -> None:
    async with opened() as store:
        batch = batch_of(store, (UP, NOW, 1.0))
    with pytest.raises(StoreFailure, match="not open"):
        await store.append(batch)


async def test_a_closing_store_answers_what_it_has_taken_and_takes_no_more(opened: Make, batch_of: Make) -> None:
    async with opened() as store:
        batches = [batch_of(store, (UP, NOW + i, float(i))) for i in range(20)]
        taken = [asyncio.create_task(store.append(batch)) for batch in batches]
        await asyncio.sleep(0)  # the first is under way, or waits with the others
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreFailure, match="not open") as refused:
            await store.append(batches[0])
        assert refused.value.retryable
        await closing
        assert [answer.result().accepted for answer in taken] == [1] * 20


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path / "engine", EngineMetrics(CollectorRegistry()))
    yield engine
    await engine.stop()


async def test_an_engine_that_dies_loses_and_doubles_nothing(
    engine: EmbeddedEngine, batch_of: Make, named: Make, log: LogOptions | None
) -> None:
    target = Target(replace(await engine.start(), database="test"))
    log = None if log is None else replace(log, flush_every_s=0.01)
    store = Store(target, SystemClock(), CollectorRegistry(), StoreOptions(policy_of=lambda _tenant: FREE, log=log))
    await store.open()
    done = 0

    async def write(worker: int) -> None:
        nonlocal done
        for i in range(40):
            batch = batch_of(store, ({"__name__": "m", "worker": str(worker)}, NOW + i, float(i)))
            assert (await store.append(batch)).accepted == 1
            done += 1

    async def kill() -> None:
        for threshold in (10, 40):
            while done < threshold:
                await asyncio.sleep(0.005)
            pid = engine.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            while engine.pid == pid:
                await asyncio.sleep(0.01)

    await asyncio.gather(kill(), *(write(worker) for worker in range(3)))
    block = await asyncio.to_thread(store.select, named("m", NOW, NOW + 100))
    assert block.offsets.tolist() == [0, 40, 80, 120]
    await asyncio.to_thread(store.flush)
    count = await asyncio.to_thread(store.client.query, "SELECT count() AS n FROM samples_raw")
    assert int(count.array("n")[0]) == 120
    await store.close()
