"""Jobs that begin, change and end while others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.model.relabel import Action, RelabelRule
from watchkeeper.receive.scrape import Health, ScrapeConfig, ScrapePools

Job = Callable[..., ScrapeConfig]
Serve = Callable[..., Awaitable[Any]]
Stored = Callable[..., dict[Labels, list[tuple[int, float]]]]
STALE_BITS = 0x7FF0000000000002


def is_stale(value: float) -> bool:
    return int(np.float64(value).view(np.uint64)) == STALE_BITS


async def until(fact: Callable[[], Any]) -> None:
    """Wait for a fact; the test's own timeout ends what never comes true."""
    while not fact():
        await asyncio.sleep(0.01)


def samples(found: dict[Labels, list[tuple[int, float]]]) -> list[tuple[int, float]]:
    return [sample for series in found.values() for sample in series]


async def test_targets_are_scraped_again_and_again(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    page = await serve(body=b"# HELP a What.\n# TYPE a counter\na 1\n")
    await pools.apply([job("one")], lambda _: groups({"__address__": page.address}))
    await page.has_asked(4)
    await until(lambda: len(samples(stored("a"))) >= 3)
    (target,) = pools.targets().active
    assert target.health is Health.UP
    assert target.scrape_pool == "one"
    assert target.scrape_url == f"http://{page.address}/metrics"
    assert target.last_scrape_ms is not None
    assert (target.scrape_interval, target.scrape_timeout) == ("50ms", "50ms")
    assert target.discovered_labels["__address__"] == page.address
    assert dict(target.labels) == {"instance": page.address, "job": "one"}
    (metadata,) = pools.metadata()
    assert (metadata.metadata.metric, metadata.metadata.type, metadata.metadata.help) == ("a", "counter", "What.")
    assert pools.pools() == ["one"]


async def test_a_job_that_is_as_before_goes_on_undisturbed(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any
) -> None:
    page = await serve()
    sources = []

    def discover(_: ScrapeConfig) -> Any:
        sources.append(groups({"__address__": page.address}))
        return sources[-1]

    await pools.apply([job("one")], discover)
    await page.has_asked(2)
    (before,) = pools._pools["one"].loops
    await pools.apply([job("one"), job("two")], discover)
    assert pools._pools["one"].loops == [before]
    assert len(sources) == 2
    await pools.apply([job("one", scrape_interval_ms=70), job("two")], discover)
    (after,) = pools._pools["one"].loops
    assert after is not before
    assert after.scraped is before.scraped
    assert len(sources) == 2


async def test_a_target_that_is_gone_goes_stale(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    here, gone = await serve(), await serve()
    source = groups({"__address__": here.address}, {"__address__": gone.address})
    await pools.apply([job()], lambda _: source)
    await gone.has_asked(2)
    source.set({"__address__": here.address})
    labels = Labels({"job": "job", "instance": gone.address})
    await until(lambda: is_stale(stored("a")[labels][-1][1]) and is_stale(stored("up")[labels][-1][1]))
    count = len(gone.asked)
    await here.has_asked(len(here.asked) + 3)
    assert len(gone.asked) == count
    assert not is_stale(stored("up")[Labels({"job": "job", "instance": here.address})][-1][1])


async def test_a_job_that_is_gone_goes_stale(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    page = await serve()
    await pools.apply([job()], lambda _: groups({"__address__": page.address}))
    await page.has_asked(2)
    await pools.apply([], lambda _: groups())
    await until(lambda: is_stale(samples(stored("a"))[-1][1]) and is_stale(samples(stored("up"))[-1][1]))
    assert pools.targets().active == []


async def test_a_target_that_another_job_takes_over_does_not_go_stale(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    page = await serve()
    relabel = (RelabelRule(target_label="job", replacement="same"),)
    discover = lambda _: groups({"__address__": page.address})  # noqa: E731
    await pools.apply([job("one", relabel_configs=relabel)], discover)
    await page.has_asked(3)
    await pools.apply([job("two", relabel_configs=relabel)], discover)
    await page.has_asked(len(page.asked) + 6)
    await until(lambda: not pools._retiring)
    assert not any(is_stale(value) for _, value in samples(stored("up")))


async def test_a_changed_configuration_lets_go_stale_what_it_no_longer_keeps(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    page = await serve(body=b"a 1\nb 1\n")
    source = groups({"__address__": page.address})
    await pools.apply([job()], lambda _: source)
    await page.has_asked(2)
    drop = (RelabelRule(source_labels=("__name__",), regex="b", action=Action.DROP),)
    await pools.apply([job(metric_relabel_configs=drop)], lambda _: source)
    await until(lambda: is_stale(samples(stored("b"))[-1][1]))
    count = len(samples(stored("a")))
    await until(lambda: len(samples(stored("a"))) > count)
    assert not any(is_stale(value) for _, value in samples(stored("a")))


async def test_at_shutdown_nothing_goes_stale(store: Any, serve: Serve, job: Job, groups: Any, stored: Stored) -> None:
    from watchkeeper.base.clock import SystemClock

    pools = ScrapePools(store, SystemClock(), CollectorRegistry())
    page = await serve()
    await pools.apply([job()], lambda _: groups({"__address__": page.address}))
    await page.has_asked(3)
    await pools.stop()
    assert not any(is_stale(value) for _, value in samples(stored("a")))
    count = len(page.asked)
    await asyncio.sleep(0.12)
    assert len(page.asked) == count


async def test_too_many_targets_fail_all_of_them(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    page = await serve()
    source = groups({"__address__": page.address}, {"__address__": page.address, "x": "y"})
    await pools.apply([job(target_limit=1)], lambda _: source)
    await until(lambda: [t.health for t in pools.targets().active] == [Health.DOWN, Health.DOWN])
    assert {t.last_error for t in pools.targets().active} == {"target_limit exceeded (number of targets: 2, limit: 1)"}
    assert page.asked == []
    source.set({"__address__": page.address})
    await page.has_asked(1)


async def test_dropped_targets_are_shown_as_many_as_are_kept(pools: ScrapePools, job: Job, groups: Any) -> None:
    drop = (RelabelRule(source_labels=("x",), regex="y", action=Action.DROP),)
    source = groups(*({"__address__": f"h:{i}", "x": "y"} for i in range(5)))
    await pools.apply([job(relabel_configs=drop, keep_dropped_targets=2)], lambda _: source)
    await until(lambda: pools.targets().dropped)
    targets = pools.targets()
    assert [d.discovered_labels["__address__"] for d in targets.dropped] == ["h:0", "h:1"]
    assert targets.dropped_counts == {"job": 5}


async def test_slow_and_garbled_targets_do_not_delay_others(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any
) -> None:
    never = asyncio.Event()
    slow, garbled, good = await serve(before=never.wait), await serve(body=b"\0\xff{"), await serve()
    source = groups(*({"__address__": page.address} for page in (slow, garbled, good)))
    await pools.apply([job()], lambda _: source)
    await good.has_asked(8)
    health = {t.labels["instance"]: t.health for t in pools.targets().active}
    assert health == {slow.address: Health.DOWN, garbled.address: Health.DOWN, good.address: Health.UP}
    never.set()


async def test_targets_that_make_no_sense_are_counted(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, registry: CollectorRegistry
) -> None:
    page = await serve()
    await pools.apply([job()], lambda _: groups({"x": "y"}, {"__address__": page.address}))
    await page.has_asked(1)
    assert registry.get_sample_value("watchkeeper_scrape_target_failures_total", {"scrape_job": "job"}) == 1
    assert registry.get_sample_value("watchkeeper_scrape_targets", {"scrape_job": "job"}) == 1


async def test_a_target_found_with_another_interval_keeps_its_series(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, stored: Stored
) -> None:
    page = await serve()
    source = groups({"__address__": page.address})
    await pools.apply([job()], lambda _: source)
    await page.has_asked(2)
    (before,) = pools._pools["job"].loops
    source.set({"__address__": page.address, "__scrape_interval__": "60ms"})
    await until(lambda: pools._pools["job"].loops not in ([], [before]))
    assert pools._pools["job"].loops[0].scraped is before.scraped
    await page.has_asked(len(page.asked) + 3)
    await until(lambda: pools.targets().active[0].health is Health.UP)
    assert not any(is_stale(value) for _, value in samples(stored("a")))


async def test_a_target_may_set_its_own_interval(pools: ScrapePools, serve: Serve, job: Job, groups: Any) -> None:
    page = await serve()
    source = groups({"__address__": page.address, "__scrape_interval__": "20ms", "__scrape_timeout__": "20ms"})
    await pools.apply([job(scrape_interval_ms=600_000)], lambda _: source)
    await page.has_asked(3)
