"""Our PromQL answers beside Prometheus' own: values, labels, timestamps, errors and remarks over the same series."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.query.promql import Engine, PromqlFailure, Result

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "unit" / "promql")]

from promql_answers_data import COUNT, START_S, STEP_S, openmetrics, series  # noqa: E402
from promql_memory import MemorySource  # noqa: E402
from promql_random import Queries  # noqa: E402

PEERS = Path(__file__).parents[2] / ".peers/usr/bin"


def _program(name: str) -> str:
    return str(PEERS / name) if (PEERS / name).exists() else shutil.which(name) or ""


PROMETHEUS, PROMTOOL = _program("prometheus"), _program("promtool")
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not (PROMETHEUS and PROMTOOL), reason="prometheus is missing: `make peers` unpacks it"),
]
FEATURES = "promql-experimental-functions,promql-delayed-name-removal"
FIXED = Path(__file__).with_name("promql_answers_queries.txt")
START = START_S * 1000
TIMES: list[tuple[int, ...]] = [
    (START + 3_600_000,),
    (START + 1_507_123,),
    (START + 600_000, START + 5_000_000, 60_000),
    (START - 300_000, START + 900_000, 7_000),
]
TOLERANCE = 1e-9

Ask = Callable[[str, tuple[int, ...]], dict[str, Any]]
Points = dict[tuple[tuple[str, str], ...], dict[int, float]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "data.om").write_text(openmetrics(series()))
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    backfill = [PROMTOOL, "tsdb", "create-blocks-from", "openmetrics", str(folder / "data.om"), str(folder / "data")]
    subprocess.run(backfill, check=True, capture_output=True, timeout=120)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [PROMETHEUS, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y"]
    command += [f"--enable-feature={FEATURES}", "--log.level=error"]
    process = subprocess.Popen(command)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(base, process)
        yield lambda query, times: _asked(base, query, times)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def engine() -> Engine:
    source = MemorySource()
    for each in series():
        samples = [((START_S + i * STEP_S) * 1000, v) for i, v in enumerate(each.values) if v is not None]
        source.add({"__name__": each.name, **each.labels}, samples)
    return Engine(source)


def _wait_until_ready(base: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{base}/-/ready", timeout=1)
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("prometheus did not become ready")


def _asked(base: str, query: str, times: tuple[int, ...]) -> dict[str, Any]:
    if len(times) == 1:
        path, form = "query", {"query": query, "time": times[0] / 1000, "stats": "all"}
    else:
        start, end, step = (t / 1000 for t in times)
        path, form = "query_range", {"query": query, "start": start, "end": end, "step": step, "stats": "all"}
    try:
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{base}/api/v1/{path}", body, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def _theirs(data: dict[str, Any]) -> Points:
    kind, result = data["resultType"], data["result"]
    if kind == "scalar":
        return {(): {round(result[0] * 1000): float(result[1])}}
    return {
        tuple(sorted(each["metric"].items())): {
            round(float(t) * 1000): float(v) for t, v in each.get("values") or [each["value"]]
        }
        for each in result
    }


def _ours(result: Result) -> Points:
    block = result.ranges
    if block is not None:
        return {
            block.frame.labels(i).pairs: dict(
                zip(
                    block.timestamps[block.offsets[i] : block.offsets[i + 1]].tolist(),
                    block.values[block.offsets[i] : block.offsets[i + 1]].tolist(),
                    strict=True,
                )
            )
            for i in range(len(block))
        }
    times = result.timestamps.tolist()
    return {
        result.frame.labels(i).pairs: {
            t: float(result.values[i, j]) for j, t in enumerate(times) if result.present[i, j]
        }
        for i in range(len(result))
    }


def _same(a: float, b: float) -> bool:
    if a != a or b != b:
        return a != a and b != b
    return a == b or abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) or abs(a - b) < 1e-12


def difference(engine: Engine, ask: Ask, query: str, times: tuple[int, ...]) -> str:
    """What is different between the two answers; empty where nothing is."""
    theirs = ask(query, times)
    try:
        result = engine.instant(query, times[0]) if len(times) == 1 else engine.range(query, *times)
    except PromqlFailure as failure:
        if theirs["status"] != "error":
            return f"only we fail: {failure}"
        return _other_words(str(failure), theirs["error"])
    if theirs["status"] == "error":
        return f"only Prometheus fails: {theirs['error']}"
    data = theirs["data"]
    if data["resultType"] != result.kind.value:
        return f"{result.kind.value} instead of {data['resultType']}"
    if data["resultType"] == "string":
        return "" if data["result"][1] == result.text else result.text
    return _other_points(_ours(result), _theirs(data)) or _other_remarks(result, theirs)


def _other_words(ours: str, theirs: str) -> str:
    # The two series that a many-to-many failure names come in no order in the version that we compare with, and its
    # parser prefixes what it refuses.
    if ours == theirs or "many-to-many" in theirs or theirs.startswith("invalid parameter"):
        return ""
    return f"words: {ours} | {theirs}"


def _other_points(ours: Points, theirs: Points) -> str:
    if set(ours) != set(theirs):
        return f"only ours: {sorted(set(ours) - set(theirs))[:2]}, only theirs: {sorted(set(theirs) - set(ours))[:2]}"
    for labels, points in theirs.items():
        if set(points) != set(ours[labels]):
            return f"{labels}: other instants {sorted(set(points) ^ set(ours[labels]))[:3]}"
        for t, value in points.items():
            if not _same(ours[labels][t], value):
                return f"{labels} at {t}: {ours[labels][t]!r} instead of {value!r}"
    return ""


def _other_remarks(result: Result, theirs: dict[str, Any]) -> str:
    for ours, other in ((result.warnings, theirs.get("warnings", [])), (result.infos, theirs.get("infos", []))):
        if len(other) <= 10 and sorted(ours) != sorted(other):
            return f"remarks {sorted(ours)} instead of {sorted(other)}"
    return ""


def test_the_fixed_queries_are_answered_alike(engine: Engine, ask: Ask) -> None:
    differences: list[str] = []
    for query in FIXED.read_text().splitlines():
        for times in TIMES:
            if len(times) > 1 and (query.startswith('"') or query.endswith("]")):
                continue
            found = difference(engine, ask, query, times)
            if found:
                differences.append(f"{query} {times}: {found}")
    assert differences == []


@pytest.mark.parametrize("seed", range(4))
def test_random_queries_are_answered_alike(engine: Engine, ask: Ask, seed: int) -> None:
    queries = Queries(seed)
    differences: list[str] = []
    for i in range(200):
        query, times = queries.draw(), TIMES[i % len(TIMES)]
        found = difference(engine, ask, query, times)
        if found and not _is_known(query, found):
            differences.append(f"{query} {times}: {found}")
    assert differences == []


def _is_known(query: str, found: str) -> bool:
    """Say whether Prometheus itself has changed so since the version that we compare with.

    Relabelled series that do not overlap are laid together now; and matches of a comparison are ambiguous even where
    the comparison does not hold.
    """
    if "only Prometheus fails: vector cannot contain metrics" in found:
        return "label_replace" in query
    return "only we fail: multiple matches for labels" in found and any(op in query for op in ("==", ">", "<"))


def test_samples_are_counted_alike(engine: Engine, ask: Ask) -> None:
    end = START + COUNT * STEP_S * 500
    for query in (
        "sum(rate(http_requests_total[5m])) / sum(up)",
        "max_over_time(rate(http_requests_total[1m])[10m:1m])",
        "rate(http_requests_total[5m] @ 1700003000)",
        "predict_linear(temperature[10m] @ 1700003000, 600)",
        "timestamp(up)",
        "info(up)",
    ):
        theirs = ask(query, (end - 600_000, end, 60_000))
        result = engine.range(query, end - 600_000, end, 60_000, per_step=True)
        assert result.statistics.samples == theirs["data"]["stats"]["samples"]["totalQueryableSamples"], query
