"""Real servers, scraped into the real store."""

from __future__ import annotations

import asyncio
import gzip
import math
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from watchkeeper.base.clock import SystemClock
from watchkeeper.base.http import HTTPClient
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.relabel import Action, RelabelRule
from watchkeeper.model.samples import AppendOutcome, SampleBatch, Selection
from watchkeeper.receive.exposition import warm_up
from watchkeeper.receive.scrape import ScrapeConfig, ScrapeOptions
from watchkeeper.receive.scrape.fetch import Fetched, Fetcher
from watchkeeper.receive.scrape.loop import ScrapeLoop, Surroundings
from watchkeeper.receive.scrape.metrics import ScrapeMetrics
from watchkeeper.receive.scrape.protocols import Format
from watchkeeper.receive.scrape.status import Health
from watchkeeper.receive.scrape.target import find_targets
from watchkeeper.store import Store, StoreBusy

Job = Callable[..., ScrapeConfig]
Serve = Callable[..., Awaitable[Any]]
Stored = Callable[..., dict[Labels, list[tuple[int, float]]]]
Make = Callable[..., Awaitable[ScrapeLoop]]
STALE_BITS = 0x7FF0000000000002


def is_stale(value: float) -> bool:
    return int(np.float64(value).view(np.uint64)) == STALE_BITS


@pytest.fixture
async def make(store: Store, registry: CollectorRegistry, job: Job) -> Any:
    """Makes a loop that the test drives scrape by scrape."""
    clients: list[HTTPClient] = []
    metrics = ScrapeMetrics(registry)
    warm_up()

    async def loop(
        address: str, *, options: ScrapeOptions | None = None, storage: Any = None, **keys: Any
    ) -> ScrapeLoop:
        config = job(**({"scrape_interval_ms": 2000} | keys))
        client = HTTPClient(config, SystemClock())
        clients.append(client)
        around = Surroundings(
            config,
            Fetcher(client, config),
            storage or store,
            SystemClock(),
            metrics,
            options or ScrapeOptions(gather_s=0),
        )
        (target,) = find_targets(config, [{"__address__": address, "instance": "i"}]).targets
        return ScrapeLoop(target, around)

    yield loop
    for client in clients:
        await client.close()


@pytest.fixture
def now() -> int:
    return SystemClock().now_ms() - 60_000


def one(found: dict[Labels, list[tuple[int, float]]]) -> list[tuple[int, float]]:
    """The samples of the only series there is."""
    ((_, samples),) = found.items()
    return samples


async def test_samples_and_a_report_are_stored_together(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b'a{x="1"} 1\na{x="2"} 2\nb 3 %d\n' % (now - 5000))
    loop = await make(page.address, name="j")
    await loop.scrape(now)
    assert stored("a") == {
        Labels({"x": "1", "job": "j", "instance": "i"}): [(now, 1.0)],
        Labels({"x": "2", "job": "j", "instance": "i"}): [(now, 2.0)],
    }
    assert one(stored("b")) == [(now - 5000, 3.0)]
    report = {
        "up": 1.0,
        "scrape_samples_scraped": 3.0,
        "scrape_samples_post_metric_relabeling": 3.0,
        "scrape_series_added": 3.0,
    }
    for name, value in report.items():
        assert stored(name) == {Labels({"job": "j", "instance": "i"}): [(now, value)]}
    ((_, duration),) = one(stored("scrape_duration_seconds"))
    assert 0 < duration < 2
    assert stored("scrape_timeout_seconds") == {}
    assert loop.status().health is Health.UP


async def test_extra_metrics_are_reported_on_request(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1\n")
    loop = await make(page.address, extra_scrape_metrics=True, sample_limit=7, body_size_limit_bytes=5)
    await loop.scrape(now)
    page.body = b"a 1\nb 1\n"
    await loop.scrape(now + 1000)
    page.status = 500
    await loop.scrape(now + 2000)
    assert [v for _, v in one(stored("scrape_timeout_seconds"))] == [2.0] * 3
    assert [v for _, v in one(stored("scrape_sample_limit"))] == [7.0] * 3
    assert [v for _, v in one(stored("scrape_body_size_bytes"))] == [4.0, -1.0, 0.0]


async def test_a_series_that_vanishes_goes_stale_once(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1\nb 2\n")
    loop = await make(page.address)
    await loop.scrape(now)
    page.body = b"a 1\n"
    await loop.scrape(now + 1000)
    await loop.scrape(now + 2000)
    (first, second) = one(stored("b"))
    assert first == (now, 2.0)
    assert second[0] == now + 1000
    assert is_stale(second[1])
    assert [v for _, v in one(stored("a"))] == [1.0] * 3
    page.body = b"a 1\nb 5\n"
    await loop.scrape(now + 3000)
    assert one(stored("b"))[-1] == (now + 3000, 5.0)


async def test_a_failed_scrape_leaves_everything_stale_but_up(
    make: Make, serve: Serve, stored: Stored, now: int
) -> None:
    page = await serve(body=b"a 1\n")
    loop = await make(page.address)
    await loop.scrape(now)
    page.status = 503
    await loop.scrape(now + 1000)
    assert [v for _, v in one(stored("up"))] == [1.0, 0.0]
    assert is_stale(one(stored("a"))[1][1])
    assert loop.status().health is Health.DOWN
    assert "server returned HTTP status 503" in loop.status().last_error
    page.status = 200
    await loop.scrape(now + 2000)
    assert one(stored("a"))[-1] == (now + 2000, 1.0)
    assert [v for _, v in one(stored("scrape_series_added"))] == [1.0, 0.0, 0.0]


async def test_a_body_with_one_bad_line_stores_nothing_of_itself(
    make: Make, serve: Serve, stored: Stored, now: int
) -> None:
    page = await serve(body=b"good 1\nbad\n")
    loop = await make(page.address)
    await loop.scrape(now)
    assert stored("good") == {}
    assert [v for _, v in one(stored("up"))] == [0.0]
    assert loop.status().last_error.startswith("line 2: ")


async def test_own_timestamps_are_not_tracked_unless_asked_for(
    make: Make, serve: Serve, stored: Stored, now: int
) -> None:
    page = await serve(body=b"a 1 %d\n" % now)
    for name, keys, count in (("x", {}, 1), ("y", {"track_timestamps_staleness": True}, 2)):
        page.body = b"%s 1 %d\n" % (name.encode(), now)
        loop = await make(page.address, **keys)
        await loop.scrape(now)
        page.body = b"other 1\n"
        await loop.scrape(now + 1000)
        assert len(one(stored(name))) == count


async def test_own_timestamps_can_be_ignored(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1 5\n")
    await (await make(page.address, honor_timestamps=False)).scrape(now)
    assert one(stored("a")) == [(now, 1.0)]


async def test_samples_from_the_far_future_are_left_out(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1 %d\nb 1\n" % (now + 700_000))
    await (await make(page.address)).scrape(now)
    assert stored("a") == {}
    assert len(stored("b")) == 1


async def test_a_series_named_twice_counts_once(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1\na 2\nb 1\n")
    loop = await make(page.address)
    for i in range(2):
        await loop.scrape(now + i * 1000)
    assert one(stored("a")) == [(now, 1.0), (now + 1000, 1.0)]
    assert [v for _, v in one(stored("scrape_samples_post_metric_relabeling"))] == [3.0, 3.0]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"sample_limit": 2}, "sample limit exceeded"),
        ({"label_limit": 3}, "label_limit exceeded"),
        ({"label_name_length_limit": 8}, "label_name_length_limit exceeded"),
        ({"label_value_length_limit": 3}, "label_value_length_limit exceeded"),
        ({"body_size_limit_bytes": 20}, "body size limit exceeded"),
    ],
)
async def test_over_a_limit_nothing_of_a_scrape_is_stored(
    make: Make, serve: Serve, stored: Stored, store: Store, now: int, keys: dict[str, Any], message: str
) -> None:
    page = await serve(body=b'a 1\nb{toolongname="x"} 1\nc{x="long"} 1\n')
    loop = await make(page.address, **keys)
    for i in range(2):
        await loop.scrape(now + 1000 * i)
    assert message in loop.status().last_error
    assert [stored(name) for name in "abc"] == [{}, {}, {}]
    assert "a" not in store.label_values("default", "__name__")
    assert [v for _, v in one(stored("up"))] == [0.0, 0.0]


async def test_what_relabelling_drops_counts_for_no_limit(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1\nb 1\nc 1\n")
    rule = RelabelRule(source_labels=("__name__",), regex="[bc]", action=Action.DROP)
    loop = await make(page.address, sample_limit=1, metric_relabel_configs=(rule,))
    for i in range(2):
        await loop.scrape(now + 1000 * i)
    assert len(one(stored("a"))) == 2
    assert stored("b") == {}
    assert [v for _, v in one(stored("scrape_samples_scraped"))] == [3.0, 3.0]
    assert [v for _, v in one(stored("scrape_samples_post_metric_relabeling"))] == [1.0, 1.0]
    assert [v for _, v in one(stored("scrape_series_added"))] == [1.0, 0.0]


async def test_a_tenant_has_its_own_samples(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve()
    await (await make(page.address, tenant="blue")).scrape(now)
    assert stored("a") == {}
    assert len(stored("a", "blue")) == 1


async def test_the_request_says_what_is_wanted(make: Make, serve: Serve, now: int) -> None:
    page = await serve(body=gzip.compress(b"a 1\n"), encoding="gzip")
    loop = await make(page.address, params={"x": ("1", "2")}, metrics_path="/m")
    await loop.scrape(now)
    (request,) = page.asked
    assert request.path_qs == "/m?x=1&x=2"
    assert request.headers["Accept"].startswith(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    )
    assert request.headers["Accept-Encoding"] == "zstd, gzip"
    assert request.headers["X-Prometheus-Scrape-Timeout-Seconds"] == "2"
    assert loop.status().health is Health.UP


async def test_without_compression_none_is_asked_for(make: Make, serve: Serve, now: int) -> None:
    page = await serve()
    await (await make(page.address, enable_compression=False)).scrape(now)
    assert page.asked[0].headers["Accept-Encoding"] == "identity"


async def test_a_slow_target_fails_at_its_timeout(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    never = asyncio.Event()
    page = await serve(before=never.wait)
    loop = await make(page.address, scrape_timeout_ms=100)
    await loop.scrape(now)
    assert "within the scrape timeout of 0.1s" in loop.status().last_error
    assert [v for _, v in one(stored("up"))] == [0.0]
    never.set()


async def test_nobody_there_is_a_failed_scrape(make: Make, stored: Stored, now: int) -> None:
    loop = await make("127.0.0.1:9")
    await loop.scrape(now)
    assert loop.status().health is Health.DOWN
    assert "refused" in loop.status().last_error or "Connect" in loop.status().last_error


async def test_an_unknown_content_type_fails_unless_a_fallback_is_named(
    make: Make, serve: Serve, stored: Stored, now: int
) -> None:
    page = await serve(content_type="application/json")
    loop = await make(page.address)
    await loop.scrape(now)
    assert "fallback_scrape_protocol" in loop.status().last_error
    loop = await make(page.address, fallback_scrape_protocol="PrometheusText0.0.4")
    await loop.scrape(now + 1000)
    assert len(stored("a")) == 1


async def test_a_target_may_change_its_format(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"a 1\nb 1\n")
    loop = await make(page.address)
    await loop.scrape(now)
    page.body, page.content_type = b"a 2\n# EOF\n", "application/openmetrics-text; version=1.0.0"
    await loop.scrape(now + 1000)
    assert one(stored("a")) == [(now, 1.0), (now + 1000, 2.0)]
    assert is_stale(one(stored("b"))[1][1])


async def test_an_empty_body_is_a_good_scrape_of_nothing(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve()
    loop = await make(page.address)
    await loop.scrape(now)
    page.body = b""
    await loop.scrape(now + 1000)
    assert [v for _, v in one(stored("up"))] == [1.0, 1.0]
    assert is_stale(one(stored("a"))[1][1])


async def test_large_bodies_are_read_as_small_ones_are(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"".join(b'a{x="%d",y="%s"} %d\n' % (i, b"y" * 100, i) for i in range(4000)))
    loop = await make(page.address)
    await loop.scrape(now)
    await loop.scrape(now + 1000)
    found = stored("a")
    assert len(found) == 4000
    assert {len(samples) for samples in found.values()} == {2}


def _large(count: int, first: int = 0) -> Fetched:
    return Fetched(b"".join(b'a{x="%d"} %d\n' % (i, i) for i in range(first, first + count)), Format.TEXT)


async def test_only_a_body_much_like_the_one_before_is_quick_to_read(make: Make, now: int) -> None:
    scraped = (await make("127.0.0.1:1")).scraped
    assert not scraped.is_quick(_large(1000))
    scraped.read(_large(1000), now)
    assert not scraped.is_quick(_large(1000)), "every line was new"
    scraped.read(_large(1000), now + 1000)
    assert scraped.is_quick(_large(1050))
    assert not scraped.is_quick(_large(2000))
    assert not scraped.is_quick(Fetched(_large(1000).body, Format.OPENMETRICS))
    scraped.read(_large(1000, first=500), now + 2000)
    assert not scraped.is_quick(_large(1000)), "half of the lines were new"


async def test_prometheus_client_is_understood_with_exemplars_and_starts(
    make: Make, serve: Serve, store: Store, stored: Stored, now: int
) -> None:
    theirs = CollectorRegistry()
    counter = Counter("requests", "How many.", registry=theirs)
    counter.inc(2, exemplar={"trace_id": "x"})
    page = await serve(body=generate_openmetrics(theirs), content_type=CONTENT_TYPE_LATEST)
    loop = await make(page.address)
    await loop.scrape(now)
    await loop.scrape(now + 1000)
    assert [v for _, v in one(stored("requests_total"))] == [2.0, 2.0]
    selection = Selection("default", (Matcher("__name__", MatchOp.EQUAL, "requests_total"),), now, now + 1000)
    starts = store.select(selection).starts
    assert starts is not None
    ((_, created),) = one(stored("requests_created"))[:1]
    assert starts.tolist() == [int(created * 1000)] * 2
    exemplars = store.client.query("SELECT count() AS n FROM exemplars_raw").array("n").tolist()
    assert exemplars == [1]
    (metadata,) = store.metadata("default", "requests")["requests"]
    assert (metadata.type, metadata.help) == ("counter", "How many.")
    assert [m.metric for m in loop.scraped.metadata] == ["requests"]


class Refusing:
    """The real store, but that its next commits fail."""

    def __init__(self, store: Store, failures: int) -> None:
        self._store = store
        self.failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        if self.failures:
            self.failures -= 1
            raise StoreBusy("too much is waiting")
        return await self._store.append(batch)


async def test_what_the_store_does_not_take_is_lost_and_counted(
    make: Make, serve: Serve, store: Store, stored: Stored, registry: CollectorRegistry, now: int
) -> None:
    page = await serve(body=b"a 1\nb 1\n")
    storage = Refusing(store, 0)
    loop = await make(page.address, storage=storage)
    await loop.scrape(now)
    storage.failures, page.body = 1, b"a 1\n"
    await loop.scrape(now + 1000)
    assert "not stored: too much is waiting" in loop.status().last_error
    assert registry.get_sample_value("watchkeeper_scrape_scrapes_total", {"outcome": "lost"}) == 1
    assert registry.get_sample_value("watchkeeper_scrape_samples_lost_total") == 7
    await loop.scrape(now + 2000)
    assert one(stored("a")) == [(now, 1.0), (now + 2000, 1.0)]
    (_, marker) = one(stored("b"))
    assert marker[0] == now + 2000
    assert is_stale(marker[1])


async def test_deleted_series_are_registered_again(
    make: Make, serve: Serve, store: Store, stored: Stored, now: int
) -> None:
    page = await serve(body=b"a 1\nb 1\n")
    loop = await make(page.address)
    await loop.scrape(now)
    refs = store.index.find_any("default", [[Matcher("__name__", MatchOp.REGEX, "a|up")]], now - 1, now + 1)
    store.index.drop(refs)
    await loop.scrape(now + 1000)
    assert loop.status().last_error == ""
    assert one(stored("b")) == [(now, 1.0), (now + 1000, 1.0)]
    assert (now + 1000, 1.0) in one(stored("a"))
    assert (now + 1000, 1.0) in one(stored("up"))


async def test_values_of_every_kind_arrive(make: Make, serve: Serve, stored: Stored, now: int) -> None:
    page = await serve(body=b"nan NaN\ninf +Inf\nminus -0\nlong 0.1234567890123456789\n")
    await (await make(page.address)).scrape(now)
    assert math.isnan(one(stored("nan"))[0][1])
    assert not is_stale(one(stored("nan"))[0][1])
    assert one(stored("inf"))[0][1] == math.inf
    assert math.copysign(1, one(stored("minus"))[0][1]) == -1
    assert one(stored("long"))[0][1] == 0.1234567890123456789


async def test_our_own_metrics_can_be_scraped_like_any_target(
    make: Make, serve: Serve, stored: Stored, registry: CollectorRegistry, now: int
) -> None:
    page = await serve()
    loop = await make(page.address)
    await loop.scrape(now)
    page.body = generate_latest(registry)
    await loop.scrape(now + 1000)
    assert loop.status().last_error == ""
    assert any(labels.get("outcome") == "done" for labels in stored("watchkeeper_scrape_scrapes_total"))
