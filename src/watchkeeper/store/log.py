"""The log on disk: what has been acknowledged and is not in the engine yet, in segments of checksummed records.

A segment begins with a magic word and the 16 bytes of its identity. Each record is a magic word, its length, the
xxh3-64 of its bytes, and these. What follows the last whole record of a segment was never acknowledged.
"""

from __future__ import annotations

import errno
import logging
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xxhash

from watchkeeper.store.failure import StoreFailure, StoreFull

logger = logging.getLogger(__name__)

_SEGMENT = b"WKLOG\x00\x00\x01"
_RECORD = b"\xf5WKr"
_HEADER = struct.Struct("<4sIQ")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of records that gets no more of them; `identity` is no other segment's, ever."""

    number: int
    identity: str
    path: Path
    size_bytes: int

    def records(self) -> Iterator[memoryview]:
        """The records, in the order of their commits. Raises StoreFailure where the file cannot be read."""
        try:
            data = memoryview(self.path.read_bytes())
        except OSError as error:
            raise StoreFailure(f"the log's segment {self.path} cannot be read: {error}", retryable=True) from error
        at = len(_SEGMENT) + 16
        while at < len(data):
            record = _record(data, at)
            if record is None:
                at = self._after_damage(data, at)
            else:
                yield record
                at += _HEADER.size + len(record)

    def _after_damage(self, data: memoryview, at: int) -> int:
        """Where the next whole record begins; says what was passed over."""
        whole = bytes(data)
        following = whole.find(_RECORD, at + 1)
        while following >= 0 and _record(data, following) is None:
            following = whole.find(_RECORD, following + 1)
        if following < 0:
            logger.warning(
                "%s ends in the middle of a record: %d bytes, never acknowledged, are left out",
                self.path, len(data) - at,
            )  # fmt: skip
            return len(data)
        kept = self.path.with_suffix(".damaged")
        logger.error(
            "%s is damaged: the bytes %d to %d are no record, and the samples in them are LOST; "
            "what follows is stored, and the file is kept as %s", self.path, at, following, kept,
        )  # fmt: skip
        with suppress(OSError):
            if not kept.exists():
                kept.write_bytes(data)
        return following

    def remove(self) -> None:
        """Delete the file: everything in it is in the engine. Raises StoreFailure."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailure(f"the log's segment {self.path} cannot be deleted: {error}", retryable=True) from error


def _record(data: memoryview, at: int) -> memoryview | None:
    """The record at `at`, None where none lies there whole."""
    if at + _HEADER.size > len(data):
        return None
    magic, size, digest = _HEADER.unpack_from(data, at)
    begin = at + _HEADER.size
    if magic != _RECORD or begin + size > len(data):
        return None
    payload = data[begin : begin + size]
    return payload if xxhash.xxh3_64_intdigest(payload) == digest else None


class Log:
    """The segment that is written to, and its sealing; safe for many threads.

    `identity` makes the 16 bytes by which a new segment is known.
    """

    def __init__(self, folder: Path, identity: Callable[[], bytes] = lambda: os.urandom(16)) -> None:
        self._folder = folder
        self._identity = identity
        self._lock = threading.Lock()
        self._file = -1
        self._size = 0
        self._soiled = False
        self._active: tuple[int, str, Path] | None = None
        self._next = 0

    def open(self) -> list[Segment]:
        """The segments that an earlier run left behind, the oldest first. Raises StoreFailure."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(self._folder.parent)
            found = [self._found(path) for path in sorted(self._folder.glob("*.log"))]
        except (OSError, ValueError) as error:
            raise StoreFailure(f"the log in {self._folder} cannot be opened: {error}", retryable=False) from error
        segments = [segment for segment in found if segment is not None]
        self._next = max((int(path.stem) + 1 for path in self._folder.glob("*.log")), default=0)
        return segments

    def _found(self, path: Path) -> Segment | None:
        with path.open("rb") as file:
            head = file.read(len(_SEGMENT) + 16)
        if len(head) < len(_SEGMENT) + 16:
            path.unlink()  # it was about to be begun
            return None
        if not head.startswith(_SEGMENT):
            raise StoreFailure(f"{path} is no segment of a log that this version knows", retryable=False)
        return Segment(int(path.stem), head[len(_SEGMENT) :].hex(), path, path.stat().st_size)

    def append(self, payload: bytes) -> int:
        """Write a record and wait until it is on disk; the number of its segment.

        Raises StoreFull or StoreFailure, and then it is not in the log.
        """
        header = _HEADER.pack(_RECORD, len(payload), xxhash.xxh3_64_intdigest(payload))
        with self._lock:
            try:
                number = self._begun()
                _write(self._file, (header, payload))
                os.fdatasync(self._file)
            except OSError as error:
                self._take_back()
                raise _failure(error, self._folder) from error
            self._size += len(header) + len(payload)
            return number

    def seal(self) -> Segment | None:
        """Begin a new segment with the next record; the one that ended, None where nothing was written."""
        with self._lock:
            return self._seal()

    def _seal(self) -> Segment | None:
        if self._active is None:
            return None
        with suppress(OSError):
            self._clean()
        os.close(self._file)
        self._soiled = False
        number, identity, path = self._active
        self._active, self._file = None, -1
        return Segment(number, identity, path, self._size)

    @property
    def size_bytes(self) -> int:
        """What the segment that is written to holds."""
        return self._size if self._active is not None else 0

    def _begun(self) -> int:
        """The number of the segment that is written to, begun now where there is none."""
        if self._soiled:
            self._clean()
        if self._active is not None:
            return self._active[0]
        number = self._next
        path = self._folder / f"{number:012d}.log"
        identity = self._identity()
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _write(file, (_SEGMENT, identity))
            _sync_folder(self._folder)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._file, self._size, self._next = file, len(_SEGMENT) + len(identity), number + 1
        self._active = (number, identity.hex(), path)
        return number

    def _take_back(self) -> None:
        """Cut off what a failed write left, now or before the next record."""
        self._soiled = self._active is not None
        with suppress(OSError):
            self._clean()

    def _clean(self) -> None:
        if self._soiled:
            os.ftruncate(self._file, self._size)
            self._soiled = False


def _write(file: int, pieces: tuple[bytes, ...]) -> None:
    """Write all of the pieces, or raise OSError."""
    written, size = os.writev(file, pieces), sum(map(len, pieces))
    if written < size:
        rest = memoryview(b"".join(pieces))
        while written < size:
            written += os.write(file, rest[written:])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failure(error: OSError, folder: Path) -> StoreFailure:
    if error.errno in _NO_ROOM:
        return StoreFull(f"no room is left on the store's disk for the log in {folder}: {error}")
    return StoreFailure(f"the log in {folder} cannot be written: {error}", retryable=True)
