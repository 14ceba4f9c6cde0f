"""The engine's process dies in every way it can, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import uvloop
from clickhouse_connect.driver.exceptions import DatabaseError

from watchkeeper.engine import EmbeddedEngine, EngineFailure, EngineMetrics, EngineOptions, EngineState
from watchkeeper.engine.supervisor import Patience

MakeEngine = Callable[..., EmbeddedEngine]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def ask(engine_connect: Callable[..., object], endpoint, sql: str, **more):
    return await asyncio.to_thread(lambda: engine_connect(endpoint).command(sql, **more))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
async def test_an_engine_that_dies_is_started_again_on_its_port_and_with_its_secret(
    make_engine: MakeEngine, registry, connect, number: signal.Signals
):
    engine = make_engine()
    endpoint = await engine.start()
    await ask(connect, endpoint, "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a")
    assert (engine.state, registry["up"], registry["restarts_total"]) == (EngineState.RUNNING, 1, 0)
    before = engine.pid
    assert before is not None
    os.kill(before, number)
    await until(lambda: registry["restarts_total"] == 1)
    assert engine.pid != before
    assert engine.state is EngineState.RUNNING
    assert "signal" in str(engine.last_error) or "status 0" in str(engine.last_error)
    assert await ask(connect, endpoint, "SELECT count() FROM t") == 0


async def test_whoever_wants_to_know_is_told_of_a_restart(tmp_path: Path, registry):
    told = asyncio.Event()
    engine = EmbeddedEngine(tmp_path, registry.metrics, on_restart=told.set)
    await engine.start()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await told.wait()
    await engine.stop()
    assert (engine.state, registry["up"]) == (EngineState.STOPPED, 0)


async def test_an_engine_that_hangs_is_killed_and_started_again(make_engine: MakeEngine, registry, connect):
    engine = make_engine(patience=Patience(look_every_s=0.05, hung_after_s=0.5, first_backoff_s=0.01))
    endpoint = await engine.start()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    await until(lambda: registry["restarts_total"] == 1)
    assert registry["hangs_total"] == 1
    assert "had not answered for 0.5 s" in str(engine.last_error)
    assert await ask(connect, endpoint, "SELECT 1") == 1


async def test_a_second_opener_is_told_who_has_the_data(make_engine: MakeEngine, tmp_path: Path):
    first, second = make_engine(), make_engine()
    await first.start()
    with pytest.raises(EngineFailure) as refused:
        await second.start()
    assert str(tmp_path / "data") in str(refused.value)
    assert f"in use by process {first.pid}, started by process {os.getpid()}" in str(refused.value)
    assert second.state is EngineState.FAILED
    assert second.last_error == str(refused.value)


async def test_the_data_can_be_opened_again_after_a_stop(make_engine: MakeEngine, connect):
    for _ in range(2):
        engine = make_engine()
        endpoint = await engine.start()
        assert await ask(connect, endpoint, "SELECT 1") == 1
        shared = endpoint.shared_directory
        await engine.stop()
        assert engine.state is EngineState.STOPPED
        assert shared is not None and not shared.exists()


async def test_a_stop_lets_a_running_insert_end(make_engine: MakeEngine, connect):
    engine = make_engine()
    endpoint = await engine.start()
    await ask(connect, endpoint, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    slow = "INSERT INTO t SELECT sleepEachRow(0.05) FROM numbers(10) SETTINGS max_block_size = 1"
    insert = asyncio.create_task(ask(connect, endpoint, slow))
    client = await asyncio.to_thread(connect, endpoint)
    running = "SELECT count() FROM system.processes WHERE startsWith(query, 'INSERT')"
    while not await asyncio.to_thread(client.command, running):
        await asyncio.sleep(0.01)
    await engine.stop()
    await insert
    again = make_engine()
    assert await ask(connect, await again.start(), "SELECT count() FROM t") == 10


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own word of a parent's death is Linux'")
async def test_the_engine_does_not_outlive_its_parent(tmp_path: Path):
    program = (
        "import asyncio, sys, time; from pathlib import Path; from prometheus_client import CollectorRegistry\n"
        "from watchkeeper.engine import EmbeddedEngine, EngineMetrics\n"
        "async def main():\n"
        "    engine = EmbeddedEngine(Path(sys.argv[1]), EngineMetrics(CollectorRegistry()))\n"
        "    await engine.start(); print(engine.pid, flush=True); await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


async def test_the_secret_is_in_neither_arguments_environment_nor_log(
    make_engine: MakeEngine, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    engine = make_engine()
    endpoint = await engine.start()
    process = psutil.Process(engine.pid)
    assert endpoint.password not in " ".join(process.cmdline())
    assert endpoint.password not in " ".join(process.environ().values())
    assert endpoint.password not in caplog.text


async def test_the_engine_runs_under_uvloop_too(tmp_path: Path, connect):
    def life() -> tuple[object, float | None]:
        async def main():
            from prometheus_client import CollectorRegistry

            registry = CollectorRegistry()
            engine = EmbeddedEngine(tmp_path, EngineMetrics(registry), patience=Patience(first_backoff_s=0.01))
            endpoint = await engine.start()
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGKILL)
            await until(lambda: registry.get_sample_value("watchkeeper_engine_restarts_total") == 1)
            answer = await ask(connect, endpoint, "SELECT 1")
            await engine.stop()
            return answer, registry.get_sample_value("watchkeeper_engine_restarts_total")

        return uvloop.run(main())

    assert await asyncio.to_thread(life) == (1, 1)


async def broken_table(engine: EmbeddedEngine, connect) -> tuple[Path, Path]:
    """Three parts of a table; the first one's directory, and the table's definition."""
    endpoint = await engine.start()
    await ask(connect, endpoint, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
    for n in range(3):
        await ask(connect, endpoint, f"INSERT INTO t SELECT number + {n} FROM numbers(1000)")
    part = await ask(
        connect, endpoint, "SELECT path FROM system.parts WHERE table = 't' AND active ORDER BY name LIMIT 1"
    )
    definition = await ask(connect, endpoint, "SELECT metadata_path FROM system.tables WHERE name = 't'")
    await engine.stop()
    return Path(str(part)), Path(str(definition))


async def test_a_part_set_aside_as_broken_is_reported_loudly(
    make_engine: MakeEngine, registry, connect, caplog: pytest.LogCaptureFixture
):
    part, _ = await broken_table(make_engine(), connect)
    os.truncate(part / "columns.txt", 5)
    engine = make_engine()
    endpoint = await engine.start()
    (broken,) = engine.broken_parts
    assert (broken.database, broken.table, broken.reason) == ("watchkeeper", "t", "broken-on-start")
    assert registry["detached_broken_parts"] == 1
    assert "1 broken part(s) were set aside" in caplog.text
    assert part.name in caplog.text
    assert await ask(connect, endpoint, "SELECT count() FROM t") == 2000


async def test_the_reason_why_the_data_cannot_be_opened_is_given(make_engine: MakeEngine, connect, tmp_path: Path):
    _, definition = await broken_table(make_engine(), connect)
    os.truncate(tmp_path / "data" / definition, 30)
    with pytest.raises(EngineFailure) as refused:
        await make_engine().start()
    assert "t.sql" in str(refused.value)
    assert "SYNTAX_ERROR" in str(refused.value)


async def test_an_engine_that_cannot_be_started_again_has_failed_and_goes_on_trying(
    make_engine: MakeEngine, registry, connect, tmp_path: Path
):
    engine = make_engine(patience=Patience(first_backoff_s=0.01, longest_backoff_s=0.1))
    endpoint = await engine.start()
    configuration = tmp_path / "data" / "engine.xml"
    assert engine.pid is not None
    configuration.unlink()
    configuration.mkdir()  # in the way of the next start
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.state is EngineState.FAILED)
    assert "engine.xml" in str(engine.last_error)
    assert registry["up"] == 0
    configuration.rmdir()
    await until(lambda: engine.state is EngineState.RUNNING)
    assert await ask(connect, endpoint, "SELECT 1") == 1


async def test_a_full_disk_is_said_in_clickhouse_s_words(make_engine: MakeEngine, connect):
    engine = make_engine(options=EngineOptions(min_free_disk_bytes=1 << 60))
    endpoint = await engine.start()
    await ask(connect, endpoint, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
    with pytest.raises(DatabaseError, match="NOT_ENOUGH_SPACE") as refused:
        await ask(connect, endpoint, "INSERT INTO t VALUES (1)")
    assert refused.value.code == 243
    assert await ask(connect, endpoint, "SELECT count() FROM t") == 0
    await ask(connect, endpoint, "DROP TABLE t SYNC")


async def test_the_engine_keeps_to_what_it_may_use(make_engine: MakeEngine, connect):
    options = EngineOptions(
        memory_limit_bytes=1 << 30, mark_cache_bytes=1 << 20, concurrent_queries=1, settings={"max_threads": "1"}
    )
    engine = make_engine(options=options)
    endpoint = await engine.start()
    limit = "SELECT value FROM system.server_settings WHERE name = {n:String}"
    assert await ask(connect, endpoint, limit, parameters={"n": "max_server_memory_usage"}) == 1 << 30
    assert await ask(connect, endpoint, limit, parameters={"n": "mark_cache_size"}) == 1 << 20
    assert await ask(connect, endpoint, "SELECT getSetting('max_threads')") == 1
    assert await ask(connect, endpoint, "SELECT getSetting('max_threads')", settings={"max_threads": 2}) == 2
    assert await ask(connect, endpoint, "SELECT getSetting('max_threads')") == 1
    slow = "SELECT sleepEachRow(0.1) FROM numbers(600) SETTINGS max_block_size = 1, max_execution_time = 1"
    clients = [await asyncio.to_thread(connect, endpoint) for _ in range(2)]
    asked = await asyncio.gather(*(asyncio.to_thread(c.raw_query, slow) for c in clients), return_exceptions=True)
    # One has the only place, and uses its second up; the other is refused.
    assert sorted(str(getattr(failure, "code", failure)) for failure in asked) == ["159", "202"]


async def test_the_child_imports_neither_numba_nor_data_frames_nor_the_package_around_the_engine():
    program = (
        "import sys; import watchkeeper.engine.child; from watchkeeper.engine.library import load_library\n"
        "load_library()\n"
        "heavy = 'numba numpy pandas pyarrow asyncio uvicorn clickhouse_connect prometheus_client chdb.state'\n"
        "sys.exit(' '.join(name for name in heavy.split() if name in sys.modules) or 0)\n"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, heavy = await child.communicate()
    assert heavy == b""


def test_the_engine_is_never_in_a_process_that_may_fork():
    """A child forked after chDB was loaded hangs on its first use: only the spawned process may load it."""
    assert not any(name == "chdb" or name.startswith("chdb.") for name in sys.modules)


def test_a_process_that_ends_before_it_takes_its_orders_is_a_failure_with_its_reason(
    tmp_path: Path, registry, monkeypatch: pytest.MonkeyPatch
):
    """uvloop says of its pipe that it is closed, or says nothing: whoever supervises must get the same failure."""
    monkeypatch.setattr(sys, "executable", "/bin/true")

    async def start() -> None:
        with pytest.raises(EngineFailure, match=r"could not open .*it exited with status 0"):
            await EmbeddedEngine(tmp_path, registry.metrics).start()

    for _ in range(10):
        uvloop.run(start())


async def test_a_process_that_cannot_be_made_is_a_failure(tmp_path: Path, registry, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(EngineFailure, match=r"cannot be started: .*No such file"):
        await EmbeddedEngine(tmp_path, registry.metrics).start()
