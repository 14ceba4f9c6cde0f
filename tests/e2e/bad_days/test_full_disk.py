"""A disk that fills up stops ingest, says so, and lets it go on once there is room again."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from watchkeeper_process import Watchkeeper, until

from senders import Sender
from wire import V1, Line, packed, request_v1

MIB = 1 << 20
_DISK = 420 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, small enough to be filled: a tmpfs, or an ext4 image where those cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = _mounted(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(place)])
    if not mounted:
        image = tmp_path / "image"
        with image.open("wb") as file:
            file.truncate(_DISK)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        mounted = _mounted(["mount", "-o", "loop", str(image), str(place)])
    if not mounted:
        yield from _borrowed()
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def _mounted(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _borrowed() -> Iterator[Path]:
    raise AssertionError("a disk to fill cannot be mounted here: run this test as root, or in a user namespace")
    yield Path()


def _fill(disk: Path, leave: int) -> Path:
    """A file that leaves so many bytes."""
    filler = disk / "filler"
    with filler.open("ab") as file:
        while (free := os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - leave) > 0:
            try:
                file.write(b"\0" * min(free, 4 * MIB))
                file.flush()
            except OSError:
                break
    return filler


def _write(server: Watchkeeper, name: str) -> int:
    line = Line([("__name__", name)], [(int(time.time() * 1000), 1.0)])
    return server.post("/api/v1/write", packed(request_v1([line])), V1).status


@pytest.mark.parametrize("leave", [100 * MIB, 0])
def test_ingest_stops_while_the_disk_is_full_and_recovers_by_itself(
    make: Callable[..., Watchkeeper], disk: Path, leave: int
) -> None:
    server = make(data=disk / "data")
    server.start()
    senders = [Sender(server.url, f"s{i}", int(time.time() * 1000) - 1_800_000) for i in range(2)]
    for sender in senders:
        sender.start()
    until(lambda: all(sender.acknowledged > 8 for sender in senders))
    filler = _fill(disk, leave)
    until(lambda: all(len(sender.unavailable) > 3 for sender in senders), "refusals", 60)
    for sender in senders:
        for status, text, retry_after in sender.unavailable:
            assert status == 503, text
            assert "no room is left on the store's disk" in text
            assert int(str(retry_after)) > 0
    # Queries go on, and what was acknowledged is there.
    acknowledged = senders[0].acknowledged
    assert server.value(f'max(count_over_time(sent{{sender="{senders[0].name}"}}[1h]))') == acknowledged
    assert server.metric("watchkeeper_store_full") == 1
    with suppress(FileNotFoundError):
        filler.unlink()
    until(lambda: all(sender.acknowledged > acknowledged + 8 for sender in senders), "recovery", 30)
    for sender in senders:
        sender.stop()
        assert sender.refused == []
        for i in range(sender.series):
            query = f'sent{{sender="{sender.name}",i="{i}"}}[1h]'
            rows = [(round(float(t) * 1000), float(v)) for t, v in server.query(query, time.time() + 1)[0]["values"]]
            assert rows == sender.expected(i)
    assert server.metric("watchkeeper_store_full") == 0
    assert server.terminate() == 0


def test_a_start_on_a_full_disk_answers_questions(make: Callable[..., Watchkeeper], disk: Path) -> None:
    server = make(data=disk / "data")
    server.start()
    assert _write(server, "before") == 204
    assert server.terminate() == 0
    filler = _fill(disk, 0)
    server.start()
    assert server.value("count_over_time(before[10m])") == 1
    assert _write(server, "during") == 503
    filler.unlink()
    until(lambda: _write(server, "during") == 204, "recovery", 30)
