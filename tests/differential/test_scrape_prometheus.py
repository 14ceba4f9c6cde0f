"""The same targets, scraped by the real Prometheus and by us: what it has, we have; what it refuses, we refuse."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import math
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.discovery import TargetGroup
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.relabel import RelabelRule
from watchkeeper.model.samples import Selection
from watchkeeper.receive.exposition.descriptor import metric_family
from watchkeeper.receive.scrape import GlobalConfig, ScrapeConfig, ScrapePools
from watchkeeper.store import Store, Target

sys.path.insert(0, str(Path(__file__).parent))

from prometheus_server import PROMETHEUS, get, prometheus, version

EXPORTER = shutil.which("prometheus-node-exporter") or "prometheus-node-exporter is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PROMETHEUS).exists(), reason="prometheus is missing: `make peers` unpacks it"),
]
TEXT, OPENMETRICS = "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
END = b"# EOF\n"
Key = frozenset[tuple[str, str]]


@pytest.fixture(autouse=True)
def peer(record_property: Callable[[str, object], None]) -> None:
    """Name the version that is compared with."""
    record_property("peer", version(PROMETHEUS))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    """A store on an engine of its own."""
    engine = EmbeddedEngine(folder / "engine", EngineMetrics(CollectorRegistry()))
    store = Store(Target(await engine.start()), SystemClock(), CollectorRegistry())
    await store.open()
    try:
        yield store
    finally:
        await store.close()
        await engine.stop()


class Given:
    """Targets that do not change."""

    def __init__(self, targets: list[dict[str, str]]) -> None:
        self._targets = targets

    async def updates(self) -> AsyncIterator[tuple[TargetGroup, ...]]:
        yield (TargetGroup("given", tuple(self._targets)),)
        await asyncio.Event().wait()


@asynccontextmanager
async def both(
    folder: Path, jobs: Mapping[str, Mapping[str, Any]], targets: list[dict[str, str]], interval_s: int
) -> AsyncIterator[tuple[str, Store, ScrapePools]]:
    """Prometheus' URL, and our store and pools, scraping the same targets by the same jobs."""
    groups = [
        {"targets": [t["__address__"]], "labels": {k: v for k, v in t.items() if k != "__address__"}} for t in targets
    ]
    common = {"scrape_interval": f"{interval_s}s", "static_configs": groups}
    theirs = [{"job_name": name, **common, **keys} for name, keys in jobs.items()]
    ours = [_ours(name, keys, interval_s * 1000) for name, keys in jobs.items()]
    async with opened(folder) as store:
        pools = ScrapePools(store, SystemClock(), CollectorRegistry())
        server = prometheus(folder, {"scrape_configs": theirs}, "--enable-feature=native-histograms")
        url = await asyncio.to_thread(server.__enter__)
        try:
            await pools.apply(ours, lambda _: Given(targets))
            yield url, store, pools
        finally:
            await pools.stop()
            await asyncio.to_thread(server.__exit__, None, None, None)


def _ours(name: str, keys: Mapping[str, Any], interval_ms: int) -> ScrapeConfig:
    """A job as our models take it."""
    ours = dict(keys) | {"job_name": name, "scrape_interval_ms": interval_ms, "scrape_timeout_ms": interval_ms}
    if "metric_relabel_configs" in ours:
        ours["metric_relabel_configs"] = tuple(RelabelRule(**rule) for rule in ours["metric_relabel_configs"])
    # Prometheus 3.5 has this behind a flag for all jobs.
    ours["scrape_native_histograms"] = True
    return ScrapeConfig.model_validate(ours).resolved(GlobalConfig().resolved())


async def settled(url: str, pools: ScrapePools, count: int) -> None:
    """Wait until both have scraped every target twice."""
    for _ in range(2):
        since = SystemClock().now_ms()
        while True:
            theirs = (await asyncio.to_thread(get, f"{url}/api/v1/targets"))["activeTargets"]
            ours = pools.targets().active
            stamps = [datetime.fromisoformat(t["lastScrape"]).timestamp() * 1000 for t in theirs]
            stamps += [t.last_scrape_ms or 0 for t in ours]
            if len(stamps) == 2 * count and min(stamps) > since:
                break
            await asyncio.sleep(0.2)


async def theirs_of(url: str, query: str) -> dict[Key, Any]:
    """The series that Prometheus has now, with their values; histograms as their count and sum."""
    answer = await asyncio.to_thread(get, f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    out: dict[Key, Any] = {}
    for series in answer["result"]:
        labels = frozenset(series["metric"].items())
        if "histogram" in series:
            histogram = series["histogram"][1]
            buckets = sum(float(bucket[3]) for bucket in histogram.get("buckets", []))
            out[labels] = ("histogram", float(histogram["count"]), float(histogram["sum"]), buckets)
        else:
            out[labels] = comparable(float(series["value"][1]))
    return out


def ours_of(store: Store, matcher: Matcher) -> dict[Key, Any]:
    """The same of ours: the newest sample of each series, unless that says the series has ended."""
    now = SystemClock().now_ms()
    block = store.select(Selection("default", (matcher,), now - 300_000, now))
    out: dict[Key, Any] = {}
    for i, (_, end) in enumerate(itertools.pairwise(block.offsets.tolist())):
        at = end - 1
        labels = frozenset(block.frame.labels(i).pairs)
        if block.histogram_at is not None and block.histogram_at[at] >= 0:
            histogram = block.histograms[int(block.histogram_at[at])]
            buckets = histogram.zero_count + float(histogram.positive.count.sum() + histogram.negative.count.sum())
            out[labels] = ("histogram", histogram.count, histogram.sum, buckets)
        elif int(block.values.view("uint64")[at]) != 0x7FF0000000000002:
            out[labels] = comparable(float(block.values[at]))
    return out


def comparable(value: float) -> float | str:
    return "NaN" if math.isnan(value) else value


def as_protobuf() -> bytes:
    """One family of each kind, native and classic histograms among them."""
    out = b""
    kinds = {"c_total": 0, "g": 1, "s": 2, "u": 3, "h": 4, "gh": 5, "hc": 4, "ghc": 5}
    for name, type_ in kinds.items():
        family = metric_family()(name=name.encode(), type=type_)
        metric = family.metric.add()
        metric.label.add(name=b"a.b", value="ü".encode())
        if type_ > 3:
            _fill(metric.histogram, native=not name.endswith("c"))
        elif name == "s":
            metric.summary.sample_count, metric.summary.sample_sum = 3, 4.5
            metric.summary.quantile.add(quantile=0.5, value=1)
        else:
            getattr(metric, ("counter", "gauge", "", "untyped")[type_]).value = 17.25
        raw = family.SerializeToString()
        assert len(raw) < 1 << 14
        out += bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7]) + raw
    return out


def _fill(histogram: Any, *, native: bool) -> None:
    histogram.sample_count, histogram.sample_sum = 6, 12.5
    if native:
        histogram.schema, histogram.zero_threshold, histogram.zero_count = 2, 0.001, 1
        histogram.positive_span.add(offset=-1, length=2)
        histogram.positive_span.add(offset=3, length=1)
        histogram.positive_delta.extend([1, 1, 0])
    for bound, count in ((1, 2), (2.5, 5)):
        histogram.bucket.add(upper_bound=bound, cumulative_count=count)


BODIES: list[tuple[str, bytes]] = [
    (TEXT, b'a{x="1"} 1\nb 2.5e3\nc NaN\nd +Inf\ne -inf\nf .5\ng 5.\nh 0x1\n'),
    (TEXT, b'a{x="1"} 1\nb 2.5e3\nc NaN\nd +Inf\ne -inf\nf .5\ng 5.\n'),
    (TEXT, b"a 1"),
    (TEXT, b"a 1\r\n"),
    (TEXT, b"a 1 \nb  2\nc\t3\t\n"),
    (TEXT, b'a {x="1" , } 1\n'),
    (TEXT, b'a{x="1"y="2"} 1\n'),
    (TEXT, b'a{x="1",,y="2"} 1\n'),
    (TEXT, b"a{,} 1\n"),
    (TEXT, b"a{} 1\nb{ } 2\n"),
    (TEXT, b'a{x="1"}1\n'),
    (TEXT, b'a{x="\\n\\"\\\\\\t"} 1\n'),
    (TEXT, b'a{x="line\nbreak"} 1\n'),
    (TEXT, b'a{x=""} 1\n'),
    (TEXT, b'a{x="1",x="2"} 1\n'),
    (TEXT, b'a{__name__="b"} 1\n'),
    (TEXT, b'a{job="sent",instance="too",exported_job="y"} 1\n'),
    (TEXT, b'{"a.b","c.d"="e"} 1\n{"f"} 2\n{"g", h="i"} 3\n'),
    (TEXT, b'{"a","b"} 1\n'),
    (TEXT, b'a{"b"} 1\n'),
    (TEXT, b'{a="b"} 1\n'),
    (TEXT, b"a -1\nb -0\n"),
    (TEXT, b"a 1 -5\n"),
    (TEXT, b"a 1 1.5\n"),
    (TEXT, b"a 1 99999999999999999999\n"),
    (TEXT, b"a 1 2 3\n"),
    (TEXT, b"a 1_0\n"),
    (TEXT, b"a 0x1p3\n"),
    (TEXT, b"a 1e999\n"),
    (TEXT, b"a +nan\n"),
    (TEXT, b"a infinity\nb Nan\n"),
    (TEXT, b"a\n"),
    (TEXT, b"1a 1\n"),
    (TEXT, b"a.b 1\n"),
    (TEXT, b"a:b:c 1\n:d 2\n_e 3\n"),
    (TEXT, b"\n\n# x\n#y\n#\na 1\n"),
    (TEXT, b'# HELP a\n# HELP b \n# HELP c x\\n\\\\\\"y\na 1\n'),
    (TEXT, b"# HELP\na 1\n"),
    (TEXT, b"# HELP 1 x\na 1\n"),
    (TEXT, b"# TYPE a counter \na 1\n"),
    (TEXT, b"# TYPE a  counter\na 1\n"),
    (TEXT, b"# TYPE a foo\na 1\n"),
    (TEXT, b"# TYPE a unknown\na 1\n"),
    (TEXT, b'# TYPE "a.b" gauge\n# HELP "a.b" text\n{"a.b"} 1\n'),
    (TEXT, b"# HELP a \xff\na 1\n"),
    (TEXT, b'a{b="\xff"} 1\n'),
    (TEXT, b'{"\xff"} 1\n'),
    (TEXT, b'{"a","\xff"="x"} 1\n'),
    (TEXT, b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum 3\n'),
    (TEXT, b'# TYPE s summary\ns{quantile="0.50"} 1\ns{quantile="1"} 2\ns_count 2\n# TYPE g gauge\ng{le="1"} 1\n'),
    (
        TEXT,
        b'# TYPE h histogram\nh_bucket{le="1000000"} 1\nh_bucket{le="123456"} 1\n'
        b'h_bucket{le="0.00001"} 1\nh_bucket{le="x"} 1\n',
    ),
    (TEXT, b"a 1\na 2\nb 1\n"),
    (TEXT, b'a{x="1",y="2"} 1\na{y="2",x="1"} 2\n'),
    (TEXT, b'a 1 # {x="y"} 1\n'),
    (TEXT, b"a\x00 1\n"),
    (TEXT, b'a{b="\x00"} 1\n'),
    (TEXT, b"a 1\n# EOF\nb 2\n"),
    (TEXT, b""),
    (TEXT, b"\n"),
    (OPENMETRICS, b""),
    (OPENMETRICS, END),
    (OPENMETRICS, b"a 1\n# EOF"),
    (OPENMETRICS, b"a 1\n"),
    (OPENMETRICS, b"a 1\n# EOF\n\n"),
    (OPENMETRICS, END + b"a 1\n"),
    (OPENMETRICS, b"a 1 \n" + END),
    (OPENMETRICS, b"a  1\n" + END),
    (OPENMETRICS, b"\na 1\n" + END),
    (OPENMETRICS, b'a {x="1"} 1\n' + END),
    (OPENMETRICS, b'a{x="1", y="2"} 1\n' + END),
    (OPENMETRICS, b'a{x="1",} 1\n' + END),
    (OPENMETRICS, b'a{x="1"y="2"} 1\n' + END),
    (OPENMETRICS, b'a{x="line\nbreak"} 1\n' + END),
    (OPENMETRICS, b'{"a.b","c.d"="e"} 1\n' + END),
    (OPENMETRICS, b"# comment\na 1\n" + END),
    (OPENMETRICS, b"# TYPE a untyped\na 1\n" + END),
    (OPENMETRICS, b'# TYPE a info\na_info 1\n# TYPE b stateset\nb{b="x"} 1\n# TYPE c gaugehistogram\nc_gsum 1\n' + END),
    (OPENMETRICS, b"# HELP a\na 1\n" + END),
    (OPENMETRICS, b"# HELP a \na 1\n" + END),
    (OPENMETRICS, b"# UNIT a_seconds seconds\na_seconds 1\n" + END),
    (OPENMETRICS, b"# UNIT a seconds\na 1\n" + END),
    (OPENMETRICS, b"# UNIT a \na 1\n" + END),
    (OPENMETRICS, b'# TYPE c counter\nc_total 1 # {t="x"} 1\nc_created 17\n' + END),
    (OPENMETRICS, b'c_total 1 # {t="x"} 1 2\n' + END),
    (OPENMETRICS, b'c_total 1 # {t="x"}\n' + END),
    (OPENMETRICS, b'c_total 1 # {t="x"} 1 2 3\n' + END),
    (OPENMETRICS, b'c_total 1 # {t="x"} a\n' + END),
    (OPENMETRICS, b"c_total 1 # {} 1\n" + END),
    (OPENMETRICS, b'c_total 1 # {"t"="x"} 1\n' + END),
    (OPENMETRICS, b'c_total 1 # {"t"} 1\n' + END),
    (OPENMETRICS, b"c_total 1 # x\n" + END),
    (OPENMETRICS, b"a 1 NaN\n" + END),
    (OPENMETRICS, b"a 1 x\n" + END),
    (OPENMETRICS, b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum 3\n' + END),
    (PROTOBUF, as_protobuf()),
    (PROTOBUF, as_protobuf()[:-3]),
    (PROTOBUF, b"\x05hello"),
    ("", b"a 1\n"),
    ("text/html", b"a 1\n"),
    ("text/plain", b"a 1\n"),
]


@asynccontextmanager
async def bodies() -> AsyncIterator[str]:
    """A server that answers /N with the N-th body."""

    async def answer(request: web.Request) -> web.Response:
        content_type, body = BODIES[int(request.match_info["n"])]
        headers = {"Content-Type": content_type} if content_type else {}
        if int(request.match_info["n"]) % 2:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        response = web.Response(body=body, headers=headers)
        if not content_type:
            response.headers["Content-Type"] = ""
        return response

    application = web.Application()
    application.router.add_get("/{n}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    port = unused_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await runner.cleanup()


JOBS: dict[str, dict[str, Any]] = {
    "plain": {},
    "both": {"always_scrape_classic_histograms": True},
    "converted": {"convert_classic_histograms_to_nhcb": True},
    "converted_both": {"convert_classic_histograms_to_nhcb": True, "always_scrape_classic_histograms": True},
    "honest": {"honor_labels": True, "honor_timestamps": False},
    "limited": {"sample_limit": 3, "label_limit": 5, "label_value_length_limit": 60},
    "legacy": {"metric_name_validation_scheme": "legacy", "metric_name_escaping_scheme": "underscores"},
    "fallback": {"fallback_scrape_protocol": "PrometheusText0.0.4"},
    "renamed": {
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": "b|h_.*", "action": "drop"},
            {"source_labels": ["x"], "target_label": "y"},
        ]
    },
}


async def test_every_body_is_read_alike(tmp_path: Path) -> None:
    async with bodies() as address:
        targets = [
            {"__address__": address, "__metrics_path__": f"/{n}", "instance": str(n)} for n in range(len(BODIES))
        ]
        async with both(tmp_path, JOBS, targets, interval_s=4) as (url, store, pools):
            await settled(url, pools, len(targets) * len(JOBS))
            theirs = await theirs_of(url, '{job=~".+",__name__!="scrape_duration_seconds"}')
            ours = ours_of(store, Matcher("job", MatchOp.REGEX, ".+"))
    ours = {key: value for key, value in ours.items() if ("__name__", "scrape_duration_seconds") not in key}
    assert len(theirs) > 20 * len(BODIES)
    found = differences(shown(ours), shown(theirs))
    assert not found, "\n".join(f"{body}\n  " + "\n  ".join(map(str, lines)) for body, lines in found.items())


def shown(found: dict[Key, Any]) -> dict[tuple[int, str], Any]:
    """Values by body and series, without what is counted differently where a scrape fails half-way."""
    failed = {
        (dict(key)["job"], dict(key)["instance"])
        for key, value in found.items()
        if dict(key)["__name__"] == "up" and value == 0
    }
    out: dict[tuple[int, str], Any] = {}
    for key, value in found.items():
        labels = dict(key)
        instance = labels.pop("instance")
        if labels["__name__"].startswith("scrape_s") and (labels["job"], instance) in failed:
            continue
        number = instance if instance.isdigit() else labels.get("exported_instance", "-1")
        out[int(number), str(sorted(labels.items()))] = value
    return out


def differences(ours: dict[tuple[int, str], Any], theirs: dict[tuple[int, str], Any]) -> dict[str, list[Any]]:
    """For each body that is read differently: the series, our value, theirs."""
    out: dict[str, list[Any]] = {}
    for number, series in sorted(ours.keys() | theirs.keys()):
        pair = ours.get((number, series)), theirs.get((number, series))
        if pair[0] != pair[1]:
            out.setdefault(f"{number}: {BODIES[number]}"[:150], []).append((series, *pair))
    return out


@pytest.mark.skipif(not Path(EXPORTER).exists(), reason="node-exporter is missing: `make peers` unpacks it")
async def test_a_real_node_exporter_is_scraped_alike(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("exporter", version(EXPORTER))
    address = f"127.0.0.1:{unused_port()}"
    exporter = subprocess.Popen([EXPORTER, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL)
    try:
        async with both(tmp_path, {"job": {}}, [{"__address__": address}], interval_s=1) as (url, store, pools):
            await settled(url, pools, 1)
            theirs = await theirs_of(url, '{job="job"}')
            ours = ours_of(store, Matcher("job", MatchOp.EQUAL, "job"))
            said = await asyncio.to_thread(get, f"{url}/api/v1/targets/metadata")
            metadata = [m.metadata for m in pools.metadata()]
    finally:
        exporter.terminate()
        exporter.wait(timeout=10)
    assert len(theirs) > 300
    assert sorted(map(sorted, ours)) == sorted(map(sorted, theirs))
    steady = [k for k in theirs if dict(k)["__name__"] in ("node_uname_info", "node_memory_MemTotal_bytes", "up")]
    assert {k: ours[k] for k in steady} == {k: theirs[k] for k in steady}
    assert {(m["metric"], m["type"], m["help"]) for m in said} == {(m.metric, m.type, m.help) for m in metadata}
