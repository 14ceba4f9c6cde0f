"""What was acknowledged is there after any death, once."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from clickhouse_connect.driver.client import Client
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
    stop, done = threading.Event(), ([], [])
    writers = [
        asyncio.create_task(asyncio.to_thread(write, connect, endpoint, first, stop, done[first])) for first in (0, 1)
    ]
    chance = random.Random(7)
    for kills in range(1, 6):
        while len(done[0]) + len(done[1]) < 3 * kills:
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.uniform(0.0, 0.1))
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        while registry["restarts_total"] < kills:
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*writers)
    acknowledged = sorted(done[0] + done[1])
    stored = client.query("SELECT batch, count(), uniqExact(n) FROM t GROUP BY batch ORDER BY batch").result_rows
    assert stored == [(batch, ROWS, ROWS) for batch in acknowledged]
    totals = client.query("SELECT batch, sum(total) FROM sums GROUP BY batch ORDER BY batch").result_rows
    assert totals == [(batch, ROWS * (ROWS - 1) // 2) for batch in acknowledged]


def write(connect, endpoint: Endpoint, first: int, stop: threading.Event, done: list[int]) -> None:
    """Insert every second batch from `first` on, each until it is acknowledged and `done`."""
    client = None
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


async def test_an_insert_cut_off_between_its_token_and_its_part_is_stored_when_it_is_sent_again(
    make_engine: Callable[..., EmbeddedEngine], connect, tmp_path: Path
):
    def insert(client: Client, batch: int) -> None:
        rows = f"{batch // 10}\t{batch}\n".encode()
        client.raw_insert("t", ["day", "n"], rows, settings={"insert_deduplication_token": f"batch {batch}"}, fmt="TSV")

    engine = make_engine()
    client = await asyncio.to_thread(connect, await engine.start())
    client.command(
        "CREATE TABLE t (day UInt32, n UInt32) ENGINE = MergeTree PARTITION BY day ORDER BY n"
        " SETTINGS non_replicated_deduplication_window = 1000"
    )
    for batch in (1, 2, 3, 11, 12):
        insert(client, batch)
    client.command("OPTIMIZE TABLE t PARTITION 0")
    await engine.stop()
    # A token is written down before the part is renamed into its place: as after a kill between the two.
    (lost,) = (tmp_path / "data" / "store").rglob("1_5_5_0")
    shutil.rmtree(lost)
    with next((tmp_path / "data" / "store").rglob("deduplication_log_1.txt")).open("a") as log:
        log.write("1\t1_6_6_0\t1_12")  # torn
    engine = make_engine()
    client = await asyncio.to_thread(connect, await engine.start())
    for batch in (1, 2, 3, 11, 12, 12, 13, 13):
        insert(client, batch)
    stored = client.query("SELECT n FROM t ORDER BY n").result_rows
    assert [n for (n,) in stored] == [1, 2, 3, 11, 12, 13]
