"""A process that is killed: a whole store over an engine of its own, written to until the end.

Arguments: the data folder, the time (ms) of number 0, then the next number of each worker. It says `ready`, and
`worker number` after each acknowledgement.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import SampleBatch
from watchkeeper.store import LogOptions, Store, StoreOptions, Target

REWRITING = 3
"""The worker that writes some of its samples a second time, with another value."""


async def main(folder: Path, begin: int, numbers: list[int]) -> None:
    engine = EmbeddedEngine(folder / "engine", EngineMetrics(CollectorRegistry()))
    target = Target(await engine.start())
    log = LogOptions(folder / "log", flush_every_s=0.15, flush_samples=200)
    store = Store(target, SystemClock(), CollectorRegistry(), StoreOptions(log=log))
    await store.open()
    print("ready", flush=True)
    await asyncio.gather(*(write(store, begin, worker, number) for worker, number in enumerate(numbers)))


async def write(store: Store, begin: int, worker: int, number: int) -> None:
    while True:
        labels = {"__name__": "m", "worker": str(worker), "lot": str(number // 40)}
        (ref,) = store.resolve("default", [Labels(labels)])
        times, values = [begin + number], [float(number)]
        if worker == REWRITING and number % 40 > 3:
            times.append(begin + number - 3)
            values.append(number - 3 + 0.5)
        refs = np.full(len(times), ref, dtype=np.int32)
        outcome = await store.append(SampleBatch("default", refs, np.array(times), np.array(values)))
        assert outcome.accepted == len(times)
        print(worker, number, flush=True)
        number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), [int(number) for number in sys.argv[3:]]))
