"""kill -9 in the middle of ingest: nothing acknowledged is missing, nothing is doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection
from watchkeeper.store import LogOptions, Store, StoreOptions, Target

KILLS = 20
WORKERS = 4
REWRITING = 3
SCRIPT = Path(__file__).with_name("killed_writer.py")


@dataclass
class Run:
    """One life of the writing process; `acknowledged` is each worker's last number."""

    process: subprocess.Popen[str]
    acknowledged: list[int]
    ready: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "ready\n":
                self.ready.set()
            elif line.endswith("\n"):
                worker, number = map(int, line.split())
                self.acknowledged[worker] = number
        self.ready.set()


def live(folder: Path, begin: int, acknowledged: list[int], seconds: float | None) -> list[int]:
    """Let a process write until it is killed, `seconds` after it was ready, or (None) while it is still starting."""
    numbers = [str(number + 1) for number in acknowledged]
    command = [sys.executable, str(SCRIPT), str(folder), str(begin), *numbers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    run = Run(process, acknowledged)
    listener = threading.Thread(target=run.listen)
    listener.start()
    if seconds is None:
        time.sleep(random.uniform(0.5, 2.0))
    else:
        run.ready.wait()
        time.sleep(seconds)
    process.kill()
    process.wait()
    listener.join()
    return run.acknowledged


async def test_what_was_acknowledged_survives_twenty_kills_and_nothing_is_doubled(tmp_path: Path) -> None:
    begin = int(time.time() * 1000)
    acknowledged = [-1] * WORKERS
    for kill in range(KILLS):
        acknowledged = live(tmp_path, begin, acknowledged, None if kill % 7 == 6 else random.uniform(0, 0.7))
    assert min(acknowledged) > KILLS
    engine = EmbeddedEngine(tmp_path / "engine", EngineMetrics(CollectorRegistry()))
    target = Target(await engine.start())
    store = Store(target, SystemClock(), CollectorRegistry(), StoreOptions(log=LogOptions(tmp_path / "log")))
    await store.open()
    try:
        for worker, last in enumerate(acknowledged):
            matchers = (Matcher("__name__", MatchOp.EQUAL, "m"), Matcher("worker", MatchOp.EQUAL, str(worker)))
            block = store.select(Selection("default", matchers, 0, 1 << 50))
            samples = dict(zip(block.timestamps.tolist(), block.values.tolist(), strict=True))
            assert len(samples) == block.timestamps.size
            assert samples.keys() >= {begin + number for number in range(last + 1)}
            assert len(samples) <= last + 2  # one more may have been stored and not acknowledged
            for number in range(last - 3 if worker == REWRITING else last + 1):
                rewritten = worker == REWRITING and (number + 3) % 40 > 3
                assert samples[begin + number] == number + (0.5 if rewritten else 0)
        doubled = store.client.query(
            "SELECT count() AS n FROM (SELECT series, timestamp FROM samples_raw WHERE series IN "
            "(SELECT series FROM series_raw WHERE labels['worker'] != '3') GROUP BY ALL HAVING count() > 1)"
        )
        assert int(doubled.array("n")[0]) == 0
    finally:
        await store.close()
        await engine.stop()
