"""The same pushes to the real Pushgateway and to us: the same statuses, texts and series."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Summary,
    delete_from_gateway,
    push_to_gateway,
    pushadd_to_gateway,
)

from watchkeeper.app.house import House
from watchkeeper.app.settings import Address, Settings
from watchkeeper.base.clock import SystemClock
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE, Selection
from watchkeeper.receive.exposition import TextDecoder
from watchkeeper.store import Store

PUSHGATEWAY = shutil.which("prometheus-pushgateway") or "prometheus-pushgateway is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PUSHGATEWAY).exists(), reason="prometheus-pushgateway is missing: `make peers`"),
]
SAMPLES = """# HELP h a histogram
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
# TYPE s summary
s{quantile="0.5"} 1
s_sum 1
s_count 2
"""


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") or "="


PUSHES: list[tuple[str, str, str]] = [
    ("PUT", "job/j", "a 1\n"),
    ("PUT", "job/ts", "a 1 123\n"),
    ("PUT", "job/dup", "a 1\na 2\n"),
    ("POST", "job/typed", "# TYPE a counter\na 1\n"),
    ("PUT", "job/helped", "# HELP a b\na 1\n"),
    ("PUT", "job/noeol", "a 1"),
    ("PUT", "job/j/x", "a 1\n"),
    ("PUT", "job/j/__x/y", "a 1\n"),
    ("PUT", "job/j/x-y/y", "a 1\n"),
    ("PUT", "job@base64/a!b", "a 1\n"),
    ("PUT", "job@base64/=", "a 1\n"),
    ("PUT", f"job@base64/{encoded('some/job')}/inst@base64/=", "a 1\n"),
    ("PUT", f"job/x/path@base64/{encoded('/var/tmp')}", "a 1\n"),
    ("PUT", "job/j/x@base64/a!b", "a 1\n"),
    ("PUT", "job/lab", 'a{job="other",instance="i"} 1\n'),
    ("PUT", "job/ptime", "push_time_seconds 1\n"),
    ("PUT", "job/empty", ""),
    ("POST", "job/hist", SAMPLES),
    ("POST", "job/hist", "more 1\n"),
    ("PUT", "job/twice", "more 1\nless 2\n"),
    ("PUT", "job/twice", "less 3\n"),
    ("PUT", "job/num", "x NaN\ny +Inf\nz -1.5e300\n"),
    ("PUT", "job/t1", "# TYPE b foo\nb 1\n"),
    ("PUT", "job/t2", 'b{a="1",a="2"} 1\n'),
    ("PUT", "job/t3", "# TYPE s summary\ns_sum 1\ns_count 2\n# TYPE s counter\ns 1\n"),
    ("PUT", "job/t4", 'd{l="1"} 1\nd{l="1",instance=""} 2\n'),
    ("PUT", "job/t5", 'q{job="a"} 1\nq{job="b"} 2\n'),
    ("PUT", "job/t6", "# TYPE h_count counter\nh_count 1\n"),
    ("PUT", "job/t7", 'w 1\nv 2\nw{a="1"} 3\n'),
    ("PUT", "job/t8", '# TYPE c counter\nc 1\nc{x="a"} 2\n'),
    ("PUT", "job/t9/x/a", "c 3\n"),
    ("PUT", "job/a%2Fb/c/d%2Fe", "u 1\n"),
    ("PUT", "job/a/lab/", "u 1\n"),
    ("PUT", "job/a/job/b", "u 1\n"),
    ("DELETE", "job/nothere", ""),
    ("DELETE", "job/lab", ""),
    ("DELETE", "job/a/x/y/z", ""),
]


@pytest.fixture(autouse=True)
def peer(record_property: Callable[[str, object], None]) -> None:
    """Name the version that is compared with."""
    out = subprocess.run([PUSHGATEWAY, "--version"], capture_output=True, text=True, check=True, timeout=30)
    record_property("peer", (out.stdout or out.stderr).split("\n")[0])


def free_address() -> Address:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", probe.getsockname()[1])


@pytest.fixture
def real(tmp_path: Path) -> Iterator[str]:
    """The URL of a real Pushgateway."""
    address = free_address()
    command = [PUSHGATEWAY, f"--web.listen-address={address}", f"--persistence.file={tmp_path / 'pushed'}"]
    with (tmp_path / "pushgateway.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while not is_ready(f"http://{address}/-/ready"):
            assert time.monotonic() < until, (tmp_path / "pushgateway.log").read_text()
            time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def is_ready(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1)
    except OSError:
        return False
    return True


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data=tmp_path / "data", listen=(free_address(),), host_collector=False)
    house = House(settings, SystemClock(), {})
    await house.start()
    yield house
    await house.stop()


def send(method: str, url: str, body: str) -> tuple[int, str]:
    request = urllib.request.Request(url, body.encode() if method != "DELETE" else None, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, normal(response.read().decode())
    except urllib.error.HTTPError as error:
        return error.code, normal(error.read().decode())


def normal(text: str) -> str:
    """Go's protobuf text has one blank or two, and which of two clashing metrics is told is chance as well."""
    clash = re.search(r" (is not a|collides with previously)", text)
    return text.partition(": ")[0] + clash[1] if clash else re.sub(r" +", " ", text)


def exposed(url: str) -> dict[frozenset[tuple[str, str]], float]:
    """What a scrape with honor_labels would store of the real one; its own metrics are left out."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        body = response.read()
    decoder = TextDecoder(openmetrics=False)
    found = decoder.decode(body)
    out: dict[frozenset[tuple[str, str]], float] = {}
    for entry, value in zip(found.entries.tolist(), found.values.tolist(), strict=True):
        labels = decoder.labels(entry)
        if "job" in labels:
            out[frozenset(labels.pairs)] = 1.0 if labels["__name__"].startswith("push_") else value
    return out


def stored(store: Store, now_ms: int) -> dict[frozenset[tuple[str, str]], float]:
    """Our series' newest samples, less those that ended."""
    matchers = (Matcher("job", MatchOp.NOT_EQUAL, ""), Matcher("job", MatchOp.NOT_EQUAL, "watchkeeper"))
    block = store.select(Selection("default", matchers, now_ms - 3_600_000, now_ms + 60_000))
    out: dict[frozenset[tuple[str, str]], float] = {}
    for i in range(len(block)):
        labels, value = block.frame.labels(i), block.values[int(block.offsets[i + 1]) - 1]
        if value.tobytes() != STALE.tobytes():
            out[frozenset(labels.pairs)] = 1.0 if labels["__name__"].startswith("push_") else float(value)
    return out


def store_of(house: House) -> Store:
    return next(room.store for room in house._rooms if getattr(room, "store", None) is not None)


async def test_pushes_get_the_same_answers_and_give_the_same_series(real: str, house: House):
    own = f"http://{house.settings.listen[0]}"
    answers: list[tuple[object, object, object]] = []
    for push in PUSHES:
        method, path, body = push
        theirs = await asyncio.to_thread(send, method, f"{real}/metrics/{path}", body)
        ours = await asyncio.to_thread(send, method, f"{own}/metrics/{path}", body)
        answers.append((push, ours, theirs))
    assert [one for one in answers if one[1] != one[2]] == []
    expected = await asyncio.to_thread(exposed, real)
    found = stored(store_of(house), house.clock.now_ms())
    assert repr(sorted(map(sorted, found))) == repr(sorted(map(sorted, expected)))
    assert {k: repr(v) for k, v in found.items()} == {k: repr(v) for k, v in expected.items()}


async def test_prometheus_client_pushes_adds_and_deletes(real: str, house: House):
    for url in (real, f"http://{house.settings.listen[0]}"):
        await asyncio.to_thread(use_client, url)
    expected = await asyncio.to_thread(exposed, real)
    found = {
        labels: value
        for labels, value in stored(store_of(house), house.clock.now_ms()).items()
        if not dict(labels)["__name__"].endswith("_created")
    }
    expected = {
        labels: value for labels, value in expected.items() if not dict(labels)["__name__"].endswith("_created")
    }
    assert found == expected


def use_client(url: str) -> None:
    registry = CollectorRegistry()
    Counter("rows", "rows", ["table"], registry=registry).labels("a/b").inc(7)
    Gauge("last_success_unixtime", "when", registry=registry).set(1.5)
    Histogram("took_seconds", "how long", registry=registry).observe(0.3)
    Summary("size_bytes", "how large", registry=registry).observe(100)
    push_to_gateway(url, "batch", registry, grouping_key={"instance": "one", "path": "/var/tmp"})
    push_to_gateway(url, "gone", registry)
    more = CollectorRegistry()
    Gauge("extra", "more", registry=more).set(2)
    pushadd_to_gateway(url, "batch", more, grouping_key={"instance": "one", "path": "/var/tmp"})
    delete_from_gateway(url, "gone")
