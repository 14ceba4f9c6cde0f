"""The log on disk: what was written is read again, and nothing else is."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from watchkeeper.store import StoreFailure, StoreFull
from watchkeeper.store.log import Log, Segment


def left_behind(folder: Path) -> list[Segment]:
    return Log(folder).open()


def records(segments: list[Segment]) -> list[bytes]:
    return [bytes(record) for segment in segments for record in segment.records()]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log(tmp_path)
    assert log.open() == []
    return log


def test_records_come_back_in_their_order(log: Log, tmp_path: Path) -> None:
    numbers = [log.append(bytes([i]) * i) for i in range(3)]
    sealed = log.seal()
    assert sealed is not None
    numbers += [log.append(b"later")]
    assert numbers == [0, 0, 0, 1]
    assert records([sealed]) == [b"", b"\1", b"\2\2"]
    again = left_behind(tmp_path)
    assert [segment.number for segment in again] == [0, 1]
    assert records(again) == [b"", b"\1", b"\2\2", b"later"]
    assert again[0] == sealed


def test_a_segment_that_is_removed_is_gone_and_its_number_stays_unused_in_this_run(log: Log, tmp_path: Path) -> None:
    log.append(b"x")
    sealed = log.seal()
    assert sealed is not None
    sealed.remove()
    assert log.append(b"y") == 1
    assert records(left_behind(tmp_path)) == [b"y"]
    assert log.seal() is not None
    assert log.seal() is None


def test_no_two_segments_have_one_identity(log: Log) -> None:
    identities = set()
    for _ in range(5):
        log.append(b"x")
        sealed = log.seal()
        assert sealed is not None
        identities.add(sealed.identity)
    assert len(identities) == 5


@pytest.mark.parametrize("cut", range(1, 22))
def test_a_torn_tail_is_left_out(log: Log, tmp_path: Path, cut: int) -> None:
    log.append(b"first")
    log.append(b"torn!")
    path = next(tmp_path.glob("*.log"))
    path.write_bytes(path.read_bytes()[:-cut])
    assert records(left_behind(tmp_path)) == [b"first"]


def test_a_segment_without_a_whole_head_was_never_begun(tmp_path: Path) -> None:
    (tmp_path / "000000000004.log").write_bytes(b"WKLOG")
    log = Log(tmp_path)
    assert log.open() == []
    log.append(b"x")
    assert records(left_behind(tmp_path)) == [b"x"]


def test_damage_in_the_middle_is_said_loudly_and_what_follows_is_kept(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for text in (b"first", b"second", b"third"):
        log.append(text)
    path = next(tmp_path.glob("*.log"))
    path.write_bytes(path.read_bytes().replace(b"second", b"s3cond"))
    assert records(left_behind(tmp_path)) == [b"first", b"third"]
    assert "LOST" in caplog.text
    assert path.with_suffix(".damaged").exists()


def test_a_file_of_another_kind_is_no_segment(tmp_path: Path) -> None:
    (tmp_path / "000000000000.log").write_bytes(b"something else altogether")
    with pytest.raises(StoreFailure, match="no segment of a log"):
        left_behind(tmp_path)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The kernel writes no file beyond `size`: the last write that fits is cut short, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_record_that_does_not_fit_leaves_no_trace(log: Log, tmp_path: Path) -> None:
    log.append(b"first")
    with largest_file(100):
        for _ in range(2):
            with pytest.raises(StoreFull):
                log.append(b"x" * 100)
        log.append(b"small")
    log.append(b"last")
    assert records(left_behind(tmp_path)) == [b"first", b"small", b"last"]


def test_a_segment_that_cannot_be_begun_leaves_no_trace(log: Log, tmp_path: Path) -> None:
    with largest_file(10), pytest.raises(StoreFull):
        log.append(b"x")
    assert log.append(b"y") == 0
    assert records(left_behind(tmp_path)) == [b"y"]
