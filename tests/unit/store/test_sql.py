"""People's SQL: what it answers, and what it never does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.store import Store, StoreFailure
from watchkeeper.store.failure import StatementFailure
from watchkeeper.store.sql import Sql, SqlLimits, SqlRefused
from watchkeeper.store.sql.statement import read
from watchkeeper.store.sql.token import tokens

NOW = 1_763_700_000_000
Make = Callable[..., Any]


@pytest.fixture
async def sql(store: Store, batch_of: Make) -> Sql:
    labels = {"__name__": "up", "job": "node"}
    await store.append(batch_of(store, (labels, NOW - 2000, 1.0), (labels, NOW - 1000, 0.25)))
    await store.append(batch_of(store, ({"__name__": "secret", "it's": "\\"}, NOW - 1000, 7.0), tenant="o'hara"))
    await asyncio.to_thread(store.flush)
    return Sql(store.client, store.place)


def rows(answer: bytes) -> list[Any]:
    return json.loads(answer)["data"]


async def test_sql_sees_what_has_just_been_committed(store: Store, batch_of: Make) -> None:
    await store.append(batch_of(store, ({"__name__": "up"}, NOW - 2000, 1.0)))
    answer = await asyncio.to_thread(store.sql, "default", "SELECT count() FROM samples")
    assert rows(answer) == [["1"]]


async def test_samples_are_plain_rows(sql: Sql) -> None:
    answer = sql.run(
        "default", "SELECT metric, labels, toUnixTimestamp64Milli(timestamp), value FROM samples ORDER BY 3"
    )
    assert rows(answer) == [
        ["up", {"job": "node"}, str(NOW - 2000), 1],
        ["up", {"job": "node"}, str(NOW - 1000), 0.25],
    ]


async def test_each_tenant_sees_its_own_rows(sql: Sql) -> None:
    assert rows(sql.run("o'hara", "SELECT metric, labels, value FROM samples -- mine")) == [
        ["secret", {"it's": "\\"}, 7]
    ]
    assert rows(sql.run("nobody", "SELECT count() FROM samples")) == [["0"]]


GOOD = [
    "SELECT count(), quantileIf(0.9)(value, value > 0) FROM samples WHERE metric = 'up' GROUP BY labels['job']",
    "WITH s AS (SELECT * FROM samples) SELECT metric, max(value) FROM s GROUP BY metric ORDER BY 2 DESC LIMIT 3",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "SELECT metric FROM series WHERE metric IN (SELECT metric FROM samples) AND labels['job'] LIKE 'n%'",
    "SELECT toStartOfMinute(timestamp) t, sum(value) FROM samples GROUP BY t WITH TOTALS",
    "SELECT value - lagInFrame(value) OVER (PARTITION BY labels ORDER BY timestamp) FROM samples",
    "SELECT arrayJoin(mapKeys(labels)) AS k, uniq(labels[k]) FROM series GROUP BY k",
    "SELECT * FROM histograms", "SELECT * FROM exemplars", "SELECT * FROM metadata",
    "SHOW TABLES", "DESCRIBE samples", "DESC TABLE series", "SHOW COLUMNS FROM samples;",
    "EXPLAIN SELECT * FROM samples", "EXPLAIN PLAN SELECT 1", "SELECT 'a;b', \"value\" FROM samples",
    "SELECT CASE WHEN value > 0 THEN 'up' ELSE 'down' END, CAST(value AS UInt8), now() - INTERVAL 1 HOUR FROM samples",
]  # fmt: skip


async def test_reading_statements_run(sql: Sql) -> None:
    for statement in GOOD:
        sql.run("default", statement)


BAD = [
    "", ";", "-- nothing", "DROP TABLE samples", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE samples",
    "INSERT INTO samples SELECT 1", "CREATE TABLE x (a Int8) ENGINE = Memory", "SET readonly = 0", "USE system",
    "SELECT * FROM system.users", "SELECT * FROM `system`.`tables`", 'SELECT * FROM "system"."one"',
    "SELECT * FROM information_schema.tables", "SELECT 1 IN system.one",
    "SELECT 1 IN (`system`.`one`)",
    "SELECT * FROM file('/etc/passwd')", "SELECT file('/etc/passwd')", "SELECT * FROM url('http://127.0.0.1/', CSV)",
    "SELECT * FROM s3('x')", "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM mysql('a','b','c','d','e')",
    "SELECT * FROM executable('id', TSV, 'a String')",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM input('a String')", "SELECT * FROM numbers(10)", "SELECT * FROM merge('.*', '.*')",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM file('x')))", "SELECT (SELECT * FROM file('x'))",
    "WITH x AS (SELECT * FROM system.one) SELECT * FROM x", "SELECT * FROM samples JOIN system.one ON 1",
    "SELECT 1 SETTINGS readonly = 0", "SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT 1 FORMAT CSV",
    "SELECT 1 /* */ SETTINGS max_execution_time = 0", "SELECT * FROM (SELECT 1 SETTINGS max_threads = 64)",
    "SELECT dictGet('d', 'a', 1)", "SELECT joinGet('d.t', 'a', 1)", "SELECT sleep(3)", "SELECT hostName()",
    "SELECT currentUser()", "SELECT getSetting('readonly')", "SELECT addressToLine(1)", "SELECT aiClassify('a', ['b'])",
    "SELECT getMacro('x')", "SELECT arrayMap(x -> file(x), ['a'])", "SELECT if(1, file('a'), '')",
    "SHOW DATABASES", "SHOW CREATE TABLE samples", "SHOW TABLES FROM system", "DESCRIBE system.one",
    "DESCRIBE file('/etc/passwd')", "EXPLAIN INSERT INTO x SELECT 1", "EXPLAIN SELECT * FROM system.one",
    "EXPLAIN SELECT file('x')", "SELECT * FROM samples_raw", "SELECT $$x$$", "SELECT 'unended", "SELECT `unended",
    "SELECT 1 # comment", "SYSTEM SHUTDOWN", "KILL QUERY WHERE 1", "BACKUP DATABASE x TO File('x')", "SELECT \x00 1",
    "SELECT 1 PARALLEL WITH SELECT 2", "SELECT * FROM default.x", "ATTACH TABLE x", "SELECT * FROM view(SELECT 1)",
]  # fmt: skip


async def test_everything_else_is_refused(sql: Sql) -> None:
    for statement in BAD:
        with pytest.raises(StoreFailure):
            print(statement, sql.run("default", statement))


async def test_a_large_result_is_refused(store: Store) -> None:
    sql = Sql(store.client, store.place, SqlLimits(result_rows=10))
    with pytest.raises(StatementFailure, match="Limit for result exceeded"):
        sql.run("default", "SELECT arrayJoin(range(200000))")


@given(st.text(alphabet=st.sampled_from(list("aS'\"`\\;-/*# \n$(){},.1"))))
def test_a_statement_that_is_read_has_no_second_one(text: str) -> None:
    try:
        statement = read("SELECT " + text, ())
    except SqlRefused:
        return
    # What the engine gets reads as the same tokens again, none of which ends a statement.
    assert all(token.text != ";" for token in tokens(statement.sql))
    assert [t.text for t in tokens(statement.sql)] == [t.text for t in tokens("SELECT " + text) if t.text != ";"]
