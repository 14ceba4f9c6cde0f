"""A real Prometheus remote-writes to us, in both versions of the protocol: what it has, we have."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import unused_port
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.histogram import to_json
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection
from watchkeeper.receive.remote_write import RemoteWrite
from watchkeeper.store import Store, Target

UNPACKED = Path(__file__).parents[2] / ".peers/usr/bin/prometheus"
PROMETHEUS = str(UNPACKED) if UNPACKED.exists() else shutil.which("prometheus") or ""
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not PROMETHEUS, reason="prometheus is missing: `make peers` unpacks it"),
]
PATIENCE_S = 90
MESSAGES = ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"]


@pytest.fixture(autouse=True)
def peer(record_property: Callable[[str, object], None]) -> None:
    """Name the version that is compared with."""
    out = subprocess.run([PROMETHEUS, "--version"], capture_output=True, text=True, check=True, timeout=30)
    record_property("peer", (out.stdout or out.stderr).split("\n")[0])


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


@asynccontextmanager
async def endpoint(receiver: RemoteWrite, answers: list[Any]) -> AsyncIterator[str]:
    """Somewhere to write to; `answers` are all outcomes."""

    async def write(request: web.Request) -> web.Response:
        outcome = await receiver.receive(await request.read(), request.headers)
        answers.append(outcome)
        return web.Response(status=outcome.status, text=outcome.text, headers=outcome.headers)

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/api/v1/write", write)
    runner = web.AppRunner(app)
    await runner.setup()
    port = unused_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/api/v1/write"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def sender(folder: Path, url: str, message: str) -> AsyncIterator[str]:
    """A Prometheus that scrapes itself and writes to `url`."""
    port = unused_port()
    config: dict[str, Any] = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "400ms"},
        "scrape_configs": [{"job_name": "itself", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
        "remote_write": [
            {
                "url": url,
                "protobuf_message": message,
                "send_exemplars": True,
                "send_native_histograms": True,
                "queue_config": {"batch_send_deadline": "200ms"},
                "metadata_config": {"send_interval": "1s"},
            }
        ],
    }
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    command = [PROMETHEUS, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", "--enable-feature=native-histograms,metadata-wal-records"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


def ask(url: str, query: str, at: float) -> Any:
    """The result of an instant query, None while there is none."""
    values = urllib.parse.urlencode({"query": query, "time": at})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{values}", timeout=5) as answer:
            return json.load(answer)["data"]["result"] or None
    except OSError:
        return None


async def theirs(url: str, store: Store) -> tuple[Any, int, int]:
    """All that Prometheus has in a range that ends a little before what has reached us, and that range in ms."""
    for _ in range(PATIENCE_S * 2):
        await asyncio.sleep(0.5)
        ours = await asyncio.to_thread(store.select, whole("up"))
        if len(ours) and ours.timestamps.size >= 6:
            end = int(ours.timestamps[-2])
            found = await asyncio.to_thread(ask, url, '{job="itself"}[1h]', end / 1000)
            if found:
                return found, end - 3_600_000 + 1, end
    raise AssertionError("nothing was written")


def whole(metric: str | None, start: int = 0, end: int = 1 << 42) -> Selection:
    """A metric, or everything that was scraped."""
    name = Matcher("job", MatchOp.EQUAL, "itself") if metric is None else Matcher("__name__", MatchOp.EQUAL, metric)
    return Selection("default", (name,), start, end)


def native(found: dict[str, Any]) -> dict[str, Any]:
    """A histogram's JSON with numbers instead of their text, and the number of buckets."""
    buckets = [[float(part) for part in bucket] for bucket in found.get("buckets", [])]
    return {"count": float(found["count"]), "sum": float(found["sum"]), "buckets": buckets}


@pytest.mark.parametrize("message", MESSAGES)
async def test_what_prometheus_writes_is_what_it_has(tmp_path: Path, message: str) -> None:
    answers: list[Any] = []
    async with opened(tmp_path) as store:
        receiver = RemoteWrite(store, CollectorRegistry())
        async with endpoint(receiver, answers) as url, sender(tmp_path, url, message) as prometheus:
            expected, start, end = await theirs(prometheus, store)
            block = await asyncio.to_thread(store.select, whole(None, start, end))
            told = await asyncio.to_thread(store.metadata, "default")
    assert {outcome.status for outcome in answers} == {204}, answers
    ours: dict[Labels, dict[int, Any]] = {}
    for row in range(len(block)):
        samples = ours.setdefault(block.frame.labels(row), {})
        for at in range(int(block.offsets[row]), int(block.offsets[row + 1])):
            histogram = -1 if block.histogram_at is None else int(block.histogram_at[at])
            found = block.values[at] if histogram < 0 else native(dict(to_json(block.histograms[histogram])))
            samples[int(block.timestamps[at])] = found if histogram >= 0 else float(found)
    histograms = 0
    for one in expected:
        labels = Labels(one["metric"])
        want = {round(ms * 1000): float(value) for ms, value in one.get("values", [])}
        want |= {round(ms * 1000): native(value) for ms, value in one.get("histograms", [])}
        histograms += len(one.get("histograms", []))
        assert repr(ours.get(labels)) == repr(want), labels
    assert len(expected) == len(ours) > 300
    assert histograms > 5, "Prometheus exposes native histograms of its own"
    assert told["prometheus_build_info"][0].type == "gauge"
    assert told["prometheus_http_requests_total"][0].help.startswith("Counter of HTTP requests")
