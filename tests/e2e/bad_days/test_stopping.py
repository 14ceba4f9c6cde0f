"""Starting and stopping at bad moments: a clear word, the right exit code, and nothing left running."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from watchkeeper_process import Watchkeeper, until

from senders import Sender


def _descendants(server: Watchkeeper) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(server.pid).children(recursive=True)
    return []


def _nobody_is_left(processes: list[psutil.Process]) -> None:
    until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes), "their end", 20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watchkeeper]:
    """A server that these tests stop, and start again when they need it."""
    server = Watchkeeper(tmp_path_factory.mktemp("stopping"))
    yield server
    server.end()


@pytest.fixture
def running(server: Watchkeeper) -> Watchkeeper:
    if not server.runs():
        server.start()
    return server


def test_a_start_can_be_broken_off_at_any_moment(make: Callable[..., Watchkeeper]) -> None:
    server = make()
    for after_s in (0.0, 0.8, 1.6, 2.2):
        server.launch()
        time.sleep(after_s)
        family = _descendants(server)
        code = server.terminate(20)
        # Before Python has got as far as to care for signals, their default action ends it.
        assert code in (0, -signal.SIGTERM)
        assert "Traceback" not in server.log()
        _nobody_is_left(family)
    # And the data is not harmed by it.
    server.start()
    assert server.terminate() == 0


def test_a_second_sigterm_changes_nothing(running: Watchkeeper) -> None:
    family = _descendants(running)
    assert family
    os.kill(running.pid, signal.SIGTERM)
    with suppress(ProcessLookupError):
        time.sleep(0.02)
        os.kill(running.pid, signal.SIGTERM)
    assert running.terminate() == 0
    assert "Traceback" not in running.log()
    _nobody_is_left(family)


def test_a_stop_under_load_is_quick_and_keeps_what_was_acknowledged(running: Watchkeeper) -> None:
    server = running
    senders = [Sender(server.url, f"s{i}", int(time.time() * 1000) - 1_800_000) for i in range(4)]
    for sender in senders:
        sender.start()
    until(lambda: all(sender.acknowledged > 20 for sender in senders))
    family = _descendants(server)
    began = time.monotonic()
    assert server.terminate() == 0
    # Uvicorn would wait five seconds for a request that nobody answers any more.
    assert "timeout graceful shutdown" not in server.log(), f"stopped after {time.monotonic() - began:.1f} s"
    assert "Traceback" not in server.log()
    _nobody_is_left(family)
    server.start()
    for sender in senders:
        sender.stop()
        assert sender.refused == []
        assert server.value(f'count(count_over_time(sent{{sender="{sender.name}"}}[1h]) == {sender.acknowledged})') == 5


def test_the_engine_ends_with_a_server_that_is_killed(running: Watchkeeper) -> None:
    family = _descendants(running)
    assert family
    running.kill()
    _nobody_is_left(family)


def test_two_servers_cannot_share_a_data_folder(running: Watchkeeper, make: Callable[..., Watchkeeper]) -> None:
    second = make(data=running.data)
    second.launch()
    assert second.process is not None
    assert second.process.wait(60) == 1
    last = second.log().splitlines()[-1]
    assert f"is in use by process {running.pid}, started by process" in last
    assert "Traceback" not in second.log()
    assert running.query("vector(1)")


def test_broken_data_is_named_and_leaves_nothing_running(running: Watchkeeper) -> None:
    server = running
    assert server.terminate() == 0
    definition = next((server.data / "engine").rglob("samples_raw.sql"))
    before, logged = definition.read_bytes(), len(server.log())
    definition.write_bytes(before[:30])
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    said = server.log()[logged:]
    assert "could not open" in said
    assert "samples_raw.sql" in said
    assert "Traceback" not in said
    definition.write_bytes(before)
    server.start()


def test_a_data_folder_that_cannot_be_made_is_named(make: Callable[..., Watchkeeper], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    server = make(data=tmp_path / "file" / "data")
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    assert "Traceback" not in server.log()
    assert str(tmp_path / "file" / "data") in server.log()
