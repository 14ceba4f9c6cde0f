"""Files of results that wait to be taken."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.engine.handover import Handover


def test_leftovers_of_an_earlier_process_are_removed(tmp_path: Path):
    directory = tmp_path / "results"
    directory.mkdir(mode=0o755)
    (directory / "1-1").write_bytes(b"left")
    Handover(directory)
    assert list(directory.iterdir()) == []
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_result_that_nobody_took_is_removed_when_the_next_is_written(tmp_path: Path):
    handover = Handover(tmp_path / "results")
    forgotten, size = handover.write([b"ab", memoryview(b"cd")])
    path = tmp_path / "results" / forgotten
    assert (path.read_bytes(), size) == (b"abcd", 4)
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    kept, _ = handover.write([b"e"])
    assert [p.name for p in (tmp_path / "results").iterdir()] == [kept]
    handover.close()
    assert not (tmp_path / "results").exists()


def test_a_result_that_fails_half_way_is_removed(tmp_path: Path):
    def failing() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("the rest is missing")

    handover = Handover(tmp_path / "results")
    with pytest.raises(ValueError, match="the rest"):
        handover.write(failing())
    assert list((tmp_path / "results").iterdir()) == []


def test_a_link_to_somewhere_else_is_refused(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        Handover(tmp_path / "results")
