"""What was acknowledged is there after any death, once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable

from clickhouse_connect.driver.exceptions import OperationalError

from watchkeeper.engine import EmbeddedEngine
from watchkeeper.store.endpoint import Endpoint

ROWS = 1000


async def test_nothing_acknowledged_is_lost_or_doubled_by_kills(
    make_engine: Callable[..., EmbeddedEngine], registry, connect
):
    engine = make_engine()
    endpoint = await engine.start()
    client = await asyncio.to_thread(connect, endpoint)
    client.command(
        "CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY (batch, n)"
        " SETTINGS non_replicated_deduplication_window = 1000"
    )
    client.command(
        "CREATE TABLE sums (batch UInt32, total UInt64) ENGINE = MergeTree ORDER BY batch"
        " SETTINGS non_replicated_deduplication_window = 1000"
    )
    client.command("CREATE MATERIALIZED VIEW v TO sums AS SELECT batch, sum(n) AS total FROM t GROUP BY batch")
    stop = asyncio.Event()
    writers = [asyncio.create_task(asyncio.to_thread(write, connect, endpoint, first, stop)) for first in (0, 1)]
    chance = random.Random(7)
    for kills in range(1, 6):
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        while registry["restarts_total"] < kills:
            await asyncio.sleep(0.01)
    stop.set()
    acknowledged = sorted(batch for done in await asyncio.gather(*writers) for batch in done)
    assert len(acknowledged) > 10
    stored = client.query("SELECT batch, count(), uniqExact(n) FROM t GROUP BY batch ORDER BY batch").result_rows
    assert stored == [(batch, ROWS, ROWS) for batch in acknowledged]
    totals = client.query("SELECT batch, sum(total) FROM sums GROUP BY batch ORDER BY batch").result_rows
    assert totals == [(batch, ROWS * (ROWS - 1) // 2) for batch in acknowledged]


def write(connect, endpoint: Endpoint, first: int, stop: asyncio.Event) -> list[int]:
    """Insert every second batch from `first` on, each until it is acknowledged; the acknowledged ones."""
    client, done = None, []
    while not stop.is_set():
        batch = first + 2 * len(done)
        rows = b"".join(b"%d\t%d\n" % (batch, n) for n in range(ROWS))
        settings = {
            "insert_deduplication_token": f"batch {batch}",
            "deduplicate_blocks_in_dependent_materialized_views": 1,
        }
        while batch not in done:
            try:
                client = client or connect(endpoint)
                client.raw_insert("t", ["batch", "n"], rows, settings=settings, fmt="TSV")
                done.append(batch)
            except OperationalError:
                client = None  # refused or cut off: the engine is on its way back
    return done
