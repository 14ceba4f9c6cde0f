"""Reads: whatever way they take, they see what was written last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from watchkeeper.model.histogram import Buckets, CounterReset, Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE, STALE_BITS, Exemplar, MetricMetadata, SampleBatch, Selection
from watchkeeper.store import Store

NOW = 1_763_700_000_000
DAY = 86_400_000
Make = Callable[..., Any]
UP = {"__name__": "up", "job": "node"}


def equal(name: str, value: str) -> Matcher:
    return Matcher(name, MatchOp.EQUAL, value)


async def test_an_older_value_written_again_wins(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    await store.append(batch_of(store, (UP, NOW - 3000, 1), (UP, NOW - 2000, 2), (UP, NOW - 1000, 3)))
    await store.append(batch_of(store, (UP, NOW - 2000, 20)))
    await store.append(batch_of(store, (UP, NOW - 2000, 200), (UP, NOW - 2500, 5)))
    wanted = {Labels(UP): [(NOW - 3000, 1), (NOW - 2500, 5), (NOW - 2000, 200), (NOW - 1000, 3)]}
    assert plain(store.select(named("up"))) == wanted
    store.client.command(f"OPTIMIZE TABLE {store.place.database}.samples_raw FINAL")
    assert plain(store.select(named("up"))) == wanted


async def test_refusals_are_counted_and_named(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    await store.append(batch_of(store, (UP, NOW, 1.0)))
    outcome = await store.append(
        batch_of(store, (UP, NOW, 1.0), (UP, NOW, 2.0), (UP, NOW - 2 * 3_600_000, 1.0), (UP, NOW + DAY, 1.0))
    )
    assert (outcome.accepted, outcome.duplicate_timestamp, outcome.too_old) == (1, 1, 2)
    assert "duplicate sample for timestamp" in outcome.reasons[0]
    assert "'job': 'node'" in outcome.reasons[0]
    assert plain(store.select(named("up"))) == {Labels(UP): [(NOW, 1.0)]}


async def test_both_ends_of_a_range_belong_to_it(free_store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    samples = [(UP, NOW + t, float(t)) for t in range(-5, 6)]
    await free_store.append(batch_of(free_store, *samples))
    block = free_store.select(named("up", NOW - 2, NOW + 2))
    assert plain(block) == {Labels(UP): [(NOW + t, t) for t in range(-2, 3)]}


async def test_samples_of_many_days_and_of_odd_times_come_back(
    free_store: Store, batch_of: Make, named: Make, plain: Make
) -> None:
    times = [-DAY - 1, -1, 0, 1, 7_200_000, NOW - 40 * DAY, NOW, NOW + 400 * DAY]
    await free_store.append(batch_of(free_store, *[(UP, at, float(i)) for i, at in enumerate(times)]))
    block = free_store.select(named("up", -(1 << 62), 1 << 62))
    assert plain(block) == {Labels(UP): [(at, i) for i, at in enumerate(times)]}


@pytest.mark.parametrize("wanted", [r"1?\d", r"\d+", r"\d?\d?[05]"])
async def test_few_most_and_some_of_a_metric_are_found(store: Store, batch_of: Make, plain: Make, wanted: str) -> None:
    labels = [{"__name__": "m", "i": str(i)} for i in range(300)] + [{"__name__": "n", "i": str(i)} for i in range(9)]
    for t in (2000, 1000):
        await store.append(batch_of(store, *[(one, NOW - t, float(i)) for i, one in enumerate(labels)]))
    matchers = (equal("__name__", "m"), Matcher("i", MatchOp.REGEX, wanted))
    block = store.select(Selection("default", matchers, NOW - 5000, NOW))
    expected = {
        Labels(one): [(NOW - 2000, float(i)), (NOW - 1000, float(i))]
        for i, one in enumerate(labels[:300])
        if matchers[1].matches(one["i"])
    }
    assert plain(block) == expected


async def test_tenants_do_not_meet(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    await store.append(batch_of(store, (UP, NOW, 1.0), tenant="a"))
    await store.append(batch_of(store, (UP, NOW, 2.0), tenant="b"))
    assert plain(store.select(named("up", tenant="a"))) == {Labels(UP): [(NOW, 1.0)]}
    assert plain(store.select(named("up", tenant="b"))) == {Labels(UP): [(NOW, 2.0)]}
    assert len(store.select(named("up"))) == 0


async def test_the_latest_samples_are_those_of_a_select(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    for i in range(20):
        one = {"__name__": "m", "i": str(i)}
        await store.append(batch_of(store, (one, NOW - 60_000 * i, i), (one, NOW - 60_000 * i + 1000, i + 0.5)))
    for end in (NOW + 1000, NOW, NOW - 600_000, NOW - 599_500):
        selection = named("m", end - 300_000, end)
        expected = {labels: samples[-1:] for labels, samples in plain(store.select(selection)).items()}
        assert plain(store.latest(selection)) == expected


async def test_a_staleness_marker_is_kept(store: Store, batch_of: Make, named: Make) -> None:
    await store.append(batch_of(store, (UP, NOW - 1000, 1.0), (UP, NOW, float(STALE))))
    for block in (store.select(named("up")), store.latest(named("up"))):
        assert block.values.view(np.uint64)[-1] == STALE_BITS


async def test_selections_read_together_are_what_each_is(
    free_store: Store, batch_of: Make, named: Make, plain: Make
) -> None:
    samples = [
        ({"__name__": name, "i": str(i)}, NOW - 15_000 * t, float(i * t))
        for t in range(40, 0, -1)
        for i in range(5)
        for name in ("a", "b", "c")
    ]
    await free_store.append(batch_of(free_store, *samples))
    selections = [
        named("a", NOW - 300_000, NOW),
        named("b", NOW - 290_000, NOW - 10_000),
        named("a", NOW - 300_000, NOW),
        named("c", NOW - 600_000, NOW - 300_000),
        named("nothing"),
        named("b", NOW - 600_000, NOW),
    ]
    many = free_store.select_many(selections)
    assert [plain(block) for block in many] == [plain(free_store.select(one)) for one in selections]


def histogram(count: float) -> Histogram:
    buckets = Buckets(np.array([-2, 5], dtype=np.int32), np.array([count / 2, count / 2]))
    return Histogram(3, count, 1.5, 0.001, 0.0, buckets, Buckets(), (), CounterReset.NO)


async def test_histograms_and_start_times_come_back(opened: Make, named: Make) -> None:
    async with opened() as store:
        refs = store.resolve("default", [Labels({"__name__": "h"}), Labels({"__name__": "h", "f": "1"})])
        custom = Histogram(-53, 3.0, 2.0, positive=Buckets(np.array([0, 2], dtype=np.int32), np.array([1.0, 2.0])))
        batch = SampleBatch(
            "default",
            refs[[0, 1, 0, 1, 0]],
            np.array([NOW - 4000, NOW - 4000, NOW - 3000, NOW - 3000, NOW - 2000]),
            np.array([0.0, 1.0, 5.0, 2.0, 0.0]),
            np.array([NOW - 9000, 0, NOW - 9000, 0, 0]),
            {0: histogram(4), 4: custom},
        )
        outcome = await store.append(batch)
        assert (outcome.accepted, outcome.accepted_histograms) == (5, 2)
    async with opened() as store:
        block = store.select(named("h"))
        assert block.histogram_at is not None
        assert block.starts is not None
        whole = next(i for i in range(2) if not block.frame.labels(i).get("f"))
        a, b = block.offsets[whole : whole + 2].tolist()
        assert block.timestamps[a:b].tolist() == [NOW - 4000, NOW - 3000, NOW - 2000]
        assert (block.histogram_at[a:b] >= 0).tolist() == [True, False, True]
        assert block.values[a + 1] == 5.0
        assert block.starts[a:b].tolist() == [NOW - 9000, NOW - 9000, 0]
        first = block.histograms[block.histogram_at[a]]
        assert (first.schema, first.count, first.sum, first.reset) == (3, 4, 1.5, CounterReset.NO)
        assert first.positive.index.tolist() == [-2, 5]
        assert first.positive.count.tolist() == [2, 2]
        again = SampleBatch("default", store.resolve("default", [Labels({"__name__": "h"})]), np.array([NOW - 2000]),
                            np.array([0.0]), None, {0: custom})  # fmt: skip
        assert (await store.append(again)).accepted == 1
        latest = store.latest(named("h"))
        assert latest.timestamps.tolist().count(NOW - 2000) == 1
        assert latest.histogram_at is not None


async def test_exemplars_and_metadata_come_back_after_a_restart(opened: Make, batch_of: Make) -> None:
    async with opened() as store:
        batch = batch_of(store, (UP, NOW, 1.0))
        exemplar = Exemplar(int(batch.refs[0]), Labels({"trace_id": "abc", "é": "ü"}), 0.5, NOW - 500)
        said = MetricMetadata("up", "gauge", "Whether it is up.", "")
        batch = SampleBatch(
            "default", batch.refs, batch.timestamps, batch.values, None, {}, [exemplar, exemplar], [said]
        )
        await store.append(batch)
        await store.append(batch)
    async with opened() as store:
        frame, exemplars = store.exemplars("default", [(equal("job", "node"),)], NOW - 1000, NOW)
        assert [frame.labels(e.ref) for e in exemplars] == [Labels(UP)]
        assert exemplars[0].labels == exemplar.labels
        assert (exemplars[0].value, exemplars[0].timestamp) == (0.5, NOW - 500)
        assert store.exemplars("default", [(equal("job", "node"),)], NOW - 10_000, NOW - 1000)[1] == []
        assert store.metadata("default") == {"up": (said,)}
        assert store.metadata("default", "down") == {}
        assert store.metadata("other") == {}


async def test_series_and_labels_follow_time_and_matchers(free_store: Store, batch_of: Make) -> None:
    old, new = {"__name__": "m", "i": "old"}, {"__name__": "m", "i": "new", "z": "1"}
    await free_store.append(batch_of(free_store, (old, NOW - 10 * DAY, 1), (new, NOW, 1)))
    assert free_store.label_values("default", "i") == ["new", "old"]
    assert free_store.label_values("default", "i", [], NOW - DAY, NOW) == ["new"]
    assert free_store.label_values("default", "i", [(equal("z", ""),)]) == ["old"]
    assert free_store.label_names("default", [(equal("i", "old"),)], NOW - 11 * DAY, NOW) == ["__name__", "i"]
    frame = free_store.series("default", [(equal("__name__", "m"),)], NOW - 11 * DAY, NOW - 9 * DAY)
    assert [frame.labels(i) for i in range(len(frame))] == [Labels(old)]
    assert free_store.tsdb_status("default").series == 2


async def test_series_longer_than_the_engines_blocks_are_whole(free_store: Store, named: Make) -> None:
    labels = [Labels({"__name__": "m", "i": str(i)}) for i in range(3)]
    refs = np.repeat(free_store.resolve("default", labels), 50_000)
    times = np.tile(NOW - 50_000 + np.arange(50_000), 3)
    values = np.arange(150_000) / 4
    await free_store.append(SampleBatch("default", refs, times, values))
    block = free_store.select(named("m"))
    assert block.offsets.tolist() == [0, 50_000, 100_000, 150_000]
    by_label = {block.frame.labels(i)["i"]: block.values[i * 50_000 : (i + 1) * 50_000] for i in range(3)}
    assert np.array_equal(np.concatenate([by_label[str(i)] for i in range(3)]), values)
    assert np.array_equal(block.timestamps, times)
    await free_store.append(SampleBatch("default", refs[::7], times[::7], values[::7] + 1))
    again = free_store.select(named("m"))
    changed = np.where(np.arange(150_000) % 7 == 0, values + 1, values)
    by_label = {again.frame.labels(i)["i"]: again.values[i * 50_000 : (i + 1) * 50_000] for i in range(3)}
    assert np.array_equal(np.concatenate([by_label[str(i)] for i in range(3)]), changed)
