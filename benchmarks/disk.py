"""Bytes a sample on disk: a real node-exporter, recorded and stretched to a thousand series over a day."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from benchmarks import wire
from benchmarks.figures import OURS, PROMETHEUS, VICTORIA, Figures, Row, times
from benchmarks.senders import post_all
from benchmarks.servers import Server, available, free_port, running
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.store.client import Client, Target

BYTES = Row("disk, node-exporter-like, 1k series × 24 h, merged", "bytes a sample", times(0.6), times(0.45))

EXPORTER = "prometheus-node-exporter"
SERIES = 1000
SAMPLES = 5760
STEP_MS = 15_000
_EVERY_S, _RECORDED = 0.5, 120
_SAMPLES_A_REQUEST = 40


def measure() -> Figures:
    """Each server is given the same day, and merges what it merges in the end."""
    figures = Figures()
    if shutil.which(EXPORTER) is None:
        return figures
    bodies = _bodies(*_stretched(record()))
    for name in available():
        with running(name) as server:
            post_all(server.write_url, bodies, 1)
            server.settle()
            figures.put(BYTES, name, _merged_bytes(server) / (SERIES * SAMPLES))
    return figures


def record() -> dict[str, list[float]]:
    """What the exporter said twice a second for a minute, by series (`name{labels}`)."""
    seen: dict[str, list[float]] = {}
    url = f"http://127.0.0.1:{(port := free_port())}/metrics"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([EXPORTER, f"--web.listen-address=127.0.0.1:{port}"], **quiet) as exporter:
        try:
            time.sleep(1)
            for _ in range(_RECORDED):
                began = time.monotonic()
                with urllib.request.urlopen(url, timeout=10) as answer:
                    for line in answer.read().decode().splitlines():
                        if not line.startswith("#"):
                            name, _, value = line.rpartition(" ")
                            seen.setdefault(name, []).append(float(value))
                time.sleep(max(0.0, _EVERY_S - (time.monotonic() - began)))
        finally:
            exporter.terminate()
    return {name: values for name, values in seen.items() if len(values) == _RECORDED}


def _stretched(recorded: dict[str, list[float]]) -> tuple[list[bytes], NDArray[np.float64]]:
    """A thousand series, from as many hosts as needed, over a day; values of shape (series, samples).

    What grew grows on by sums of as many recorded increments as lie in 15 s; what moved up and down walks through the
    recording, forwards and backwards; what stood still stands still.
    """
    random = np.random.default_rng(1)
    names, rows = list(recorded), np.array(list(recorded.values()))
    label_sets: list[bytes] = []
    values = np.empty((SERIES, SAMPLES))
    for i in range(SERIES):
        name, row = names[i % len(names)], rows[i % len(names)]
        label_sets.append(wire.labels([*_pairs(name), ("instance", f"host-{i // len(names)}:9100"), ("job", "node")]))
        values[i] = _day(row, random)
    return label_sets, values


def _day(row: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    steps = np.diff(row)
    if not steps.any() or not np.isfinite(row).all():
        return np.full(SAMPLES, row[-1])
    if (steps >= 0).all():
        together = int(STEP_MS / 1000 / _EVERY_S)
        picked = random.integers(0, len(steps), (SAMPLES, together))
        grown = row[0] + np.cumsum(steps[picked].sum(axis=1))
        return np.round(grown, _decimals(row))
    places = np.cumsum(random.integers(1, 8, SAMPLES)) % (2 * len(row) - 2)
    return row[np.where(places < len(row), places, 2 * len(row) - 2 - places)]


def _decimals(row: NDArray[np.float64]) -> int:
    """As many as the exporter wrote: sums of floats would bring digits that no exporter has."""
    return max(len(repr(float(v)).partition(".")[2]) if v != int(v) else 0 for v in row[:20])


def _pairs(name: str) -> list[tuple[str, str]]:
    metric, _, rest = name.partition("{")
    pairs = [("__name__", metric)]
    for part in filter(None, rest.removesuffix("}").split('",')):
        label, _, value = part.partition('="')
        pairs.append((label, value.removesuffix('"')))
    return pairs


def _bodies(label_sets: list[bytes], values: NDArray[np.float64]) -> list[bytes]:
    end_ms = int(time.time()) // 15 * 15_000
    bodies: list[bytes] = []
    for first in range(0, SAMPLES, _SAMPLES_A_REQUEST):
        at = [end_ms - (SAMPLES - 1 - r) * STEP_MS for r in range(first, first + _SAMPLES_A_REQUEST)]
        parts = values[:, first : first + _SAMPLES_A_REQUEST].tolist()
        bodies.append(wire.body(label_sets, [b"".join(map(wire.sample, part, at)) for part in parts]))
    return bodies


def _merged_bytes(server: Server) -> int:
    """Samples and their index, without the log of what is not yet in blocks."""
    if server.name == PROMETHEUS:
        # A snapshot writes the head as a block too, and holds every other block.
        request = urllib.request.Request(server.url + "/api/v1/admin/tsdb/snapshot", method="POST")
        with urllib.request.urlopen(request, timeout=120):
            return _bytes_below(server.data / "snapshots")
    if server.name == VICTORIA:
        for path in ("/internal/force_flush", "/internal/force_merge"):
            urllib.request.urlopen(server.url + path, timeout=120).close()
        server.settle()
        return _bytes_below(server.data)
    assert server.name == OURS
    server.stop()
    return asyncio.run(_engine_bytes(server.data))


def _bytes_below(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


async def _engine_bytes(data: Path) -> int:
    engine = EmbeddedEngine(data / "engine", EngineMetrics(CollectorRegistry()))
    endpoint = await engine.start()
    try:
        client = Client(Target(endpoint), endpoint.database)
        return await asyncio.to_thread(_optimized, client)
    finally:
        await engine.stop()


def _optimized(client: Client) -> int:
    tables = client.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%Tree'")
    for table in tables.strings("name"):
        client.command(f"OPTIMIZE TABLE `{table}` FINAL")
    rows = int(client.query("SELECT count() AS n FROM samples_raw").array("n")[0])
    if rows != SERIES * SAMPLES:
        raise RuntimeError(f"{rows} rows are stored, {SERIES * SAMPLES} were sent")
    parts = client.query(
        "SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = currentDatabase()"
    )
    return int(parts.array("n")[0])
