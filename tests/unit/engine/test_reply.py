"""Replies keep a result's memory until its bytes are sent."""

from __future__ import annotations

import socket
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from watchkeeper.engine.execution import Answer
from watchkeeper.engine.handover import Handover
from watchkeeper.engine.http import Head
from watchkeeper.engine.reply import Reply
from watchkeeper.engine.request import decode_request
from watchkeeper.store.endpoint import RESULT_FILE_HEADER, RESULT_REQUEST_HEADER, RESULT_REQUEST_VALUE

_CHUNK = 600_000


class _Memory:
    """Bytes that are overwritten once nobody holds their owner, as the engine's are."""

    def __init__(self, data: bytes) -> None:
        self._data = bytearray(data)

    def view(self) -> memoryview:
        return memoryview(self._data)

    def __del__(self) -> None:
        self._data[:] = b"\0" * len(self._data)


class _Chunk:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def get_memview(self) -> _Memory:
        return _Memory(self._data)

    def bytes(self) -> bytes:
        return self._data

    def size(self) -> int:
        return len(self._data)

    def rows_read(self) -> int:
        return 1

    bytes_read = rows_written = bytes_written = storage_rows_read = storage_bytes_read = rows_read


def _chunks() -> Generator[_Chunk]:
    for number in range(1, 6):
        yield _Chunk(bytes([number]) * _CHUNK)


def _sent(handover: Handover | None, headers: dict[str, str]) -> bytes:
    ours, theirs = socket.socketpair()
    with ThreadPoolExecutor(1) as reader, theirs:
        answer = reader.submit(lambda: b"".join(iter(lambda: theirs.recv(1 << 20), b"")))
        with ours:
            request = decode_request({}, {}, b"SELECT 1", "default")
            reply = Reply(ours, Head("POST", "/", "", headers), request, handover, lambda: None)
            reply.send(Answer("Native", _chunks()))
        return answer.result()


@pytest.fixture
def handover(tmp_path: Path) -> Handover:
    return Handover(tmp_path / "shared")


def test_bytes_handed_over_are_those_of_the_result(handover: Handover, tmp_path: Path) -> None:
    answer = _sent(handover, {RESULT_REQUEST_HEADER.lower(): RESULT_REQUEST_VALUE}).decode()
    name = answer.partition(f"{RESULT_FILE_HEADER}: ")[2].partition("\r\n")[0]
    data = (tmp_path / "shared" / name).read_bytes()
    assert data == b"".join(bytes([number]) * _CHUNK for number in range(1, 6))


def test_bytes_streamed_are_those_of_the_result() -> None:
    answer = _sent(None, {})
    assert [answer.count(bytes([number]) * 1000) for number in range(1, 6)] == [_CHUNK // 1000] * 5
