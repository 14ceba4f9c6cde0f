"""Our HTTP API beside Prometheus' own: one data set by remote write into both, the same requests, the same answers.

What is known to differ, and why:
- Prometheus reports metadata only of what it scrapes; we also of what was written to us.
- Of equal values `topk` keeps whichever comes first, and series come in another order from another store; so does what
  `limit` keeps.
- Later versions than the one compared with: `histogram_fraction` reads classic buckets, many more function names.
- An unknown path below /api answers with the JSON envelope, not with plain text; times that are not finite are refused.
- Statistics count a native histogram as one sample, Prometheus by its size in memory; `peakSamples` differs likewise.
- A time that cannot be met is told in one form of words, where Prometheus has three by chance.
"""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from api_compare import difference  # noqa: E402
from api_data import START, send  # noqa: E402
from prometheus_server import prometheus, version  # noqa: E402
from promql_random import Queries  # noqa: E402

from watchkeeper_server import ask, watchkeeper  # noqa: E402

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        not (shutil.which("prometheus") and shutil.which("promtool")),
        reason="prometheus or promtool is missing: `make peers` unpacks them",
    ),
]
HERE = Path(__file__).parent
FEATURES = "promql-experimental-functions,promql-delayed-name-removal,exemplar-storage,native-histograms"
CONFIG: dict[str, Any] = {"global": {"scrape_interval": "1h", "external_labels": {"cluster": "c1"}}}
TIMES: list[tuple[int, ...]] = [
    (START + 3_600_000,),
    (START + 600_000, START + 5_000_000, 60_000),
    (START + 1_507_123,),
    (START + 4_300_000, START + 6_600_000, 37_000),
]
KNOWN = (
    # Ties, and groups in the order in which their series come.
    "topk",
    "bottomk",
    "limitk",
    # Classic buckets are read since a later version.
    "histogram_fraction(0, 0.5, rate(latency_seconds_bucket",
)
Pair = tuple[str, str]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Our URL and Prometheus', with the same data."""
    ours, theirs = tmp_path_factory.mktemp("watchkeeper"), tmp_path_factory.mktemp("prometheus")
    flags = ("--storage.tsdb.retention.time=100y", "--web.enable-lifecycle", "--web.enable-admin-api")
    features = f"--enable-feature={FEATURES}"
    with (
        prometheus(theirs, CONFIG, "--web.enable-remote-write-receiver", features, *flags) as peer,
        watchkeeper(ours, json.dumps(CONFIG), features, *flags) as server,
    ):
        send(server.url)
        send(peer)
        yield server.url, peer


def _asked(url: str, query: str, times: tuple[int, ...]) -> Any:
    if len(times) == 1:
        path, form = "query", {"query": query, "time": times[0] / 1000}
    else:
        path, form = "query_range", dict(zip(("start", "end", "step"), (t / 1000 for t in times), strict=True))
        form = {"query": query, **form}
    headers = {"Content_Type": "application/x-www-form-urlencoded"}
    return json.loads(ask(f"{url}/api/v1/{path}", "POST", urlencode(form).encode(), **headers).text)


def _differences(pair: Pair, asked: list[tuple[str, tuple[int, ...]]]) -> list[str]:
    found: list[str] = []
    for query, times in asked:
        ours, theirs = _asked(pair[0], query, times), _asked(pair[1], query, times)
        if (words := difference(query, ours, theirs)) and not any(known in query for known in KNOWN):
            found.append(f"{query} {times}: {words}")
    return found


def test_fixed_queries_are_answered_as_prometheus_answers_them(pair: Pair) -> None:
    print(version("prometheus"))
    queries = (HERE / "api_queries.txt").read_text().splitlines()
    asked = [(query, TIMES[(i + more) % len(TIMES)]) for i, query in enumerate(queries) for more in (0, 1)]
    assert _differences(pair, asked) == []


def test_random_queries_are_answered_as_prometheus_answers_them(pair: Pair) -> None:
    queries = Queries(11)
    assert _differences(pair, [(queries.draw(), TIMES[i % len(TIMES)]) for i in range(120)]) == []


def _requests() -> list[str]:
    return (HERE / "api_requests.txt").read_text().splitlines()


def test_requests_of_every_kind_have_prometheus_status_and_body(pair: Pair) -> None:
    differing: list[str] = []
    for line in _requests():
        method, path, *body = line.split(" ", 2)
        headers = {"Content_Type": "application/x-www-form-urlencoded"} if body else {}
        data = body[0].encode() if body else None
        ours, theirs = (ask(f"{url}{path}", method, data, **headers) for url in pair)
        if (ours.status, _body(ours.body)) != (theirs.status, _body(theirs.body)):
            differing.append(f"{line}\n  {ours.status} {ours.body[:300]!r}\n  {theirs.status} {theirs.body[:300]!r}")
        if ours.headers.get("content-type") != theirs.headers.get("content-type"):
            differing.append(f"{line}: {ours.headers.get('content-type')}")
    assert differing == []


def _body(text: bytes) -> Any:
    """The envelope, a vector's series sorted and timings left out; or the text."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    data = found.get("data") if isinstance(found, dict) else None
    if isinstance(data, dict) and data.get("resultType") == "vector":
        data["result"].sort(key=lambda row: sorted(row["metric"].items()))
    return found


def test_samples_that_queries_read_are_counted_alike(pair: Pair) -> None:
    for query in ("up", "sum(rate(http_requests_total[5m]))", "max_over_time(up[10m:1m])"):
        form = {"query": query, "start": START / 1000 + 900, "end": START / 1000 + 1500, "step": 60, "stats": "all"}
        path = f"/api/v1/query_range?{urlencode(form)}"
        ours, theirs = (ask(f"{url}{path}").data["stats"] for url in pair)
        assert ours["timings"].keys() == theirs["timings"].keys()
        assert ours["samples"]["totalQueryableSamples"] == theirs["samples"]["totalQueryableSamples"], query


@pytest.fixture(scope="module")
def reader(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus without data of its own that reads ours."""
    read = {"url": f"{pair[0]}/api/v1/read", "read_recent": True}
    with prometheus(tmp_path_factory.mktemp("reader"), {"remote_read": [read]}) as url:
        yield url


def test_a_prometheus_that_reads_from_us_by_remote_read_answers_as_one_that_has_the_data(
    pair: Pair, reader: str
) -> None:
    at = (START + 7_100_000,)
    for query in (
        "up",
        "memory_bytes[1h]",
        "http_requests_total[2h]",
        "request_seconds[2h]",
        "custom_seconds[1h]",
        "gauge_histogram[1h]",
        "mixed[2h]",
        '{"gauge.with.dots"}[2h]',
        "comes_and_goes[2h]",
        "rate(request_seconds[5m])",
    ):
        theirs, read = _asked(pair[1], query, at), _asked(reader, query, at)
        for row in read["data"]["result"]:
            assert row["metric"].pop("cluster") == "c1"
        assert difference(query, read, theirs) == "", query
    assert len(_asked(reader, 'up{cluster="c1"}', at)["data"]["result"]) == 6
    assert _asked(reader, 'up{cluster="c2"}', at)["data"]["result"] == []


@pytest.fixture(scope="module")
def fresh(pair: Pair) -> Pair:
    """Both servers, with samples of this moment."""
    now = float(ask(f"{pair[1]}/api/v1/query?query=time()").data["result"][0])
    _send_now(pair, int(now) * 1000)
    return pair


def test_federation_shows_what_prometheus_shows(fresh: Pair) -> None:
    matches = urlencode([("match[]", '{__name__=~"fresh.*"}'), ("match[]", "fresh_total")])
    for accept in (
        "",
        "text/plain;version=0.0.4;escaping=allow-utf-8",
        "text/plain;version=0.0.4;escaping=values",
        "text/plain;version=0.0.4;escaping=dots",
        "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
    ):
        ours, theirs = (ask(f"{url}/federate?{matches}", Accept=accept) for url in fresh)
        assert ours.headers["content-type"] == theirs.headers["content-type"]
        assert ours.text == theirs.text, accept
    assert ours.text.count("\n") == 5


@pytest.mark.parametrize("escaping", ["allow-utf-8", "underscores"])
def test_federation_in_protobuf_carries_native_histograms_as_prometheus_sends_them(fresh: Pair, escaping: str) -> None:
    accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    matches = urlencode([("match[]", '{__name__=~"fresh.*"}')])
    ours, theirs = (ask(f"{url}/federate?{matches}", Accept=f"{accept};escaping={escaping}") for url in fresh)
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert _families(ours.body) == _families(theirs.body)


def _families(body: bytes) -> list[Any]:
    from watchkeeper.receive.exposition.descriptor import metric_family

    found: list[Any] = []
    at = 0
    while at < len(body):
        size = shift = 0
        while True:
            byte = body[at]
            at += 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        family = metric_family()()
        family.ParseFromString(body[at : at + size])
        at += size
        found.append(family)
    return [(f.name, f.type, [(_metric(m)) for m in f.metric]) for f in found]


def _metric(metric: Any) -> Any:
    histogram = metric.histogram
    labels = [(pair.name, pair.value) for pair in metric.label]
    spans = [(span.offset, span.length) for span in histogram.positive_span]
    counts = list(histogram.positive_count)
    if histogram.positive_delta:
        counts = [float(sum(histogram.positive_delta[: i + 1])) for i in range(len(histogram.positive_delta))]
    total = histogram.sample_count_float or float(histogram.sample_count)
    return labels, metric.timestamp_ms, metric.untyped.value, histogram.schema, total, spans, counts


def _send_now(pair: Pair, now: int) -> None:
    from watchkeeper.model.samples import STALE
    from wire import V1, Line, packed, request_v1

    histogram = {
        "count_int": 6,
        "sum": 4.5,
        "schema": 1,
        "zero_threshold": 0.001,
        "zero_count_int": 1,
        "positive_spans": [(0, 2)],
        "positive_deltas": [2, 1],
        "timestamp": now,
    }
    lines = [
        Line([("__name__", "fresh.dots"), ("host.name", 'a"b\\c'), ("job", "x")], [(now, 1.5)]),
        Line([("__name__", "fresh_ended")], [(now - 1000, 1.0), (now, float(STALE))]),
        Line([("__name__", "fresh_native"), ("instance", "i")], histograms=[histogram]),
        Line([("__name__", "fresh_total"), ("cluster", "own")], [(now - 1000, 5e9), (now, 123456789.0)]),
        Line([("__name__", "fresh_total"), ("instance", "i0")], [(now, float("inf"))]),
    ]
    for url in pair:
        asked = urllib.request.Request(f"{url}/api/v1/write", packed(request_v1(lines)), dict(V1))
        urllib.request.urlopen(asked, timeout=30).close()


def promtool(*arguments: str) -> str:
    """What promtool prints; it must succeed."""
    import subprocess

    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("instant", "--time={at}", "{url}", "sort(up)"),
        ("instant", "--time={at}", "{url}", "sum(rate(request_seconds[5m]))"),
        ("range", "--start={begin}", "--end={at}", "--step=5m", "{url}", "sum by (job) (up)"),
        ("series", "--match=up", "--start={begin}", "--end={at}", "{url}"),
        ("labels", "--start={begin}", "--end={at}", "{url}", "job"),
        ("labels", "--start={begin}", "--end={at}", "{url}", "__name__"),
    ],
)
def test_promtool_prints_of_us_what_it_prints_of_prometheus(pair: Pair, command: tuple[str, ...]) -> None:
    about = {"at": START // 1000 + 3600, "begin": START // 1000}
    printed: list[list[str]] = []
    for url in pair:
        text = promtool("query", *(part.format(url=url, **about) for part in command))
        printed.append(sorted(line for line in text.splitlines() if "fresh" not in line))
    assert printed[0] == printed[1] != []


def test_promtool_finds_nothing_wrong_with_our_own_metrics(pair: Pair) -> None:
    import subprocess

    metrics = ask(f"{pair[0]}/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
