"""chDB itself: loaded once in the child, and given types.

Nothing else in Watchkeeper imports it. A process that forks after this import hangs on its first use in the child, so
the engine's process is always spawned afresh.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast


class Memory(Protocol):
    """The bytes of a chunk, where they lie in the engine. Valid only while this object lives."""

    def view(self) -> memoryview: ...


class Chunk(Protocol):
    """A piece of a result, formatted, and what the engine counted for it."""

    def get_memview(self) -> Memory: ...
    def bytes(self) -> bytes: ...
    def size(self) -> int: ...
    def rows_read(self) -> int: ...
    def bytes_read(self) -> int: ...
    def rows_written(self) -> int: ...
    def bytes_written(self) -> int: ...
    def storage_rows_read(self) -> int: ...
    def storage_bytes_read(self) -> int: ...


class Stream(Protocol):
    """A query whose result is being fetched, chunk after chunk."""


class RawConnection(Protocol):
    """One chDB connection: one statement at a time. Every method raises RuntimeError with ClickHouse's own text."""

    def query(self, query_str: str, format: str, *, params: dict[str, str]) -> Chunk: ...
    def send_query(self, query_str: str, format: str, *, params: dict[str, str]) -> Stream: ...
    def streaming_fetch_result(self, streaming_result: Stream) -> Chunk: ...
    def streaming_cancel_query(self, streaming_result: Stream) -> None: ...
    def classify_query(self, sql: str) -> dict[str, object]: ...
    def close(self) -> None: ...


class Library(Protocol):
    """chDB's extension module."""

    def connect(self, connection_string: str) -> RawConnection: ...


_CRASH_SIGNALS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


def load_library() -> Library:
    """chDB's extension module, without the Python package around it.

    The package opens an engine in memory while it is imported, and brings pandas' and the DB-API's helpers: 10 MiB and
    0.1 s that nobody needs here. Its directory must be the working directory for the moment of loading.
    """
    if "chdb" in sys.modules:
        return cast(Library, importlib.import_module("chdb._chdb"))
    spec = find_spec("chdb")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("chdb-core is not installed")
    directory = spec.submodule_search_locations[0]
    package = types.ModuleType("chdb")
    package.__path__ = [directory]
    sys.modules["chdb"] = package
    before = Path.cwd()
    os.chdir(directory)
    try:
        return cast(Library, importlib.import_module("chdb._chdb"))
    finally:
        os.chdir(before)


def die_at_once_when_crashing() -> None:
    """Take the crash signals back from the engine, whose handlers linger for about five minutes.

    They are installed by the first connect, so this belongs right after it.
    """
    for number in _CRASH_SIGNALS:
        # signal.signal sets the process' disposition, whoever set it before.
        signal.signal(number, signal.SIG_DFL)
