"""People's heavy queries are bounded, and delay neither scraping, nor ingest, nor rules beyond an interval."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_targets import serve
from watchkeeper_process import Answer, Watchkeeper, until

from senders import Sender
from wire import V1, Line, packed, request_v1

_SERIES, _SAMPLES = 2000, 120
_HEAVY = "sum(quantile_over_time(0.9, heavy[30m])) + sum(stddev_over_time(heavy[20m]))"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watchkeeper]:
    """A server with data to chew on, a target and a rule, both every second."""
    folder = tmp_path_factory.mktemp("heavy")
    target = serve()
    (folder / "rules.yml").write_text(
        "groups:\n- name: beat\n  interval: 1s\n  rules: [{record: beat, expr: count(good) or vector(0)}]\n"
    )
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: good\n"
        f"  metrics_path: /good\n  static_configs: [{{targets: ['127.0.0.1:{target.server_port}']}}]\n"
    )
    limits = ("--query.max-concurrency", "4", "--query.timeout", "5s", "--query.max-samples", "2000000")
    with Watchkeeper(folder, *limits, config=folder / "prometheus.yml") as server:
        _load(server)
        yield server
    target.shutdown()


def _load(server: Watchkeeper) -> None:
    now_ms = int(time.time() * 1000)
    times = [now_ms - 15_000 * n for n in range(_SAMPLES, 0, -1)]
    for begin in range(0, _SERIES, 500):
        lines = [
            Line([("__name__", "heavy"), ("i", str(i))], [(at, float(i + n)) for n, at in enumerate(times)])
            for i in range(begin, begin + 500)
        ]
        assert server.post("/api/v1/write", packed(request_v1(lines)), V1).status == 204


def _range(server: Watchkeeper, query: str, step: str = "5") -> Answer:
    now = time.time()
    fields = {"query": query, "start": str(now - 1800), "end": str(now), "step": step}
    return server.get("/api/v1/query_range", **fields)


def test_a_query_beyond_the_samples_says_so(busy: Watchkeeper) -> None:
    answer = _range(busy, "avg_over_time(heavy[30m]) + rate(heavy[30m])", "1")
    assert answer.status == 422
    assert answer.json["errorType"] == "execution"
    assert "query processing would load too many samples into memory" in answer.json["error"]
    assert busy.metric("watchkeeper_query_failures_total", why="execution") >= 1


def test_a_query_beyond_its_time_says_so(busy: Watchkeeper) -> None:
    answer = busy.get("/api/v1/query", query="sum(rate(heavy[30m]))", timeout="1ms")
    assert answer.status == 503
    assert answer.json["errorType"] == "timeout"
    assert "query timed out" in answer.json["error"]


def test_too_many_points_are_refused(busy: Watchkeeper) -> None:
    answer = _range(busy, "heavy", "0.01")
    assert answer.status == 400
    assert "exceeded maximum resolution of 11,000 points" in answer.json["error"]


def test_heavy_queries_delay_nothing_beyond_its_interval(busy: Watchkeeper) -> None:
    until(lambda: busy.query("beat") and busy.query("good"), "the first round")
    ended = threading.Event()
    statuses: list[int] = []

    def ask() -> None:
        while not ended.is_set():
            statuses.append(_range(busy, _HEAVY, "30").status)

    people = [threading.Thread(target=ask, daemon=True) for _ in range(12)]
    sender = Sender(busy.url, "beside", int(time.time() * 1000) - 600_000)
    missed = busy.metric("watchkeeper_rule_group_iterations_missed_total")
    rounds = busy.metric("watchkeeper_rule_group_iterations_total")
    since = time.time()
    for one in people:
        one.start()
    sender.start()
    until(lambda: busy.metric("watchkeeper_rule_group_iterations_total") >= rounds + 6 and len(statuses) >= 12)
    seconds = time.time() - since
    assert all(thread.is_alive() for thread in people)
    beats = busy.value(f"count_over_time(beat[{int(seconds)}s])")
    scrapes = busy.value(f"count_over_time(good[{int(seconds)}s])")
    ended.set()
    sender.stop()
    for one in people:
        one.join(60)
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 0
    # Late by a part of an interval is fine; one may be missing at the window's edges, or on a busy machine.
    assert beats is not None and beats >= int(seconds) - 3
    assert scrapes is not None and scrapes >= int(seconds) - 3
    assert sender.refused == []
    assert sender.acknowledged >= 4 * 5
    assert busy.metric("watchkeeper_rule_group_iterations_missed_total") - missed <= 2


def test_a_client_that_leaves_takes_its_query_with_it(busy: Watchkeeper) -> None:
    import urllib3

    now = time.time()
    fields = {"query": _HEAVY.replace("30m", "29m"), "start": str(now - 1800), "end": str(now), "step": "3"}
    with pytest.raises(urllib3.exceptions.TimeoutError):
        busy.get("/api/v1/query_range", **fields, timeout_s=0.02)
    until(lambda: busy.metric("watchkeeper_queries") == 0, "the query's end", 10)
    assert "Traceback" not in Path(busy.log_path).read_text()
