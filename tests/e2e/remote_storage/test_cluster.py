"""`storage.cluster`: as far as one embedded engine can play a cluster.

It knows a cluster of two shards that both are itself, so queries over the Distributed tables are planned as on a real
one. It runs neither ON CLUSTER nor replicated tables: of those statements the engine's own parser is the judge here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from watchkeeper.store import Endpoint
from watchkeeper.store.client import Client, Settings, Target
from watchkeeper.store.migrations import MIGRATIONS, Place
from watchkeeper.store.migrations.migration import foundation

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements as they are sent, run without what needs a Keeper."""
    sent: list[str] = []
    command = Client.command

    def send(
        self: Client,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        settings: Settings | None = None,
        database: str | None = None,
    ) -> None:
        sent.append(sql)
        command(self, _without_keeper(sql), parameters, settings=settings, database=database)

    monkeypatch.setattr(Client, "command", send)
    return sent


def _without_keeper(sql: str) -> str:
    sql = re.sub(r" ON CLUSTER `pair`", "", sql)
    sql = re.sub(r"Replicated(\w*MergeTree)\('[^']*', '[^']*'\)", r"\1()", sql)
    return sql.replace("replicated_deduplication_window = 10000", "non_replicated_deduplication_window = 1000")


def test_the_engine_reads_every_statement_for_a_cluster(engine: Endpoint) -> None:
    client, place = Client(Target(engine), "system"), Place("tele", "pair")
    statements = [*foundation(place), *(line for m in MIGRATIONS for line in m.sql(place))]
    for statement in statements:
        read = client.query("SELECT formatQuery({sql:String}) AS sql", {"sql": statement}).strings("sql")[0]
        assert "ON CLUSTER pair" in read
        assert "Distributed(" in read or "ENGINE = Replicated" in read or read.startswith("CREATE DATABASE")
    client.close()


async def test_a_house_works_over_distributed_tables(run: Run, gate: Any, database: str, alone: list[str]) -> None:
    now_ms = int(time.time()) * 1000
    section = f"  url: {gate.url(database)}\n  cluster: pair"
    house = await run(section)
    assert any("ReplicatedReplacingMergeTree" in sql for sql in alone)
    assert any("ENGINE = Distributed(`pair`" in sql for sql in alone)
    for n in range(3):
        assert (await house.write("far", (now_ms - 2000 + 1000 * n, 1.5 + n)))[0] == 204
    assert await house.values("far", now_ms) == ["3.5"]
    # Both shards are the same table here, so every row comes twice: what counts rows is left out.
    assert await house.values("max_over_time(far[1m]) - min_over_time(far[1m])", now_ms) == ["2"]
    status, answer = await house.get("/api/watchkeeper/v1/sql", query="SELECT max(value) FROM samples")
    assert status == 200, answer
    assert "3.5" in str(answer)
    status, answer = await house.get("/api/v1/query_exemplars", query="far", start="0", end=str(now_ms / 1000))
    assert status == 200, answer
    await house.house.stop()
    house = await run(section)
    assert await house.values("min_over_time(far[1m])", now_ms) == ["1.5"]
    async with house.session.post(f"{house.url}/api/v1/admin/tsdb/delete_series", params={"match[]": "far"}) as answer:
        assert answer.status == 204, await answer.text()
    assert await house.values("min_over_time(far[1m])", now_ms) == []
