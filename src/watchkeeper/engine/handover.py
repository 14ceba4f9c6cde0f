"""Results handed over as files in shared memory, which the reader maps and unlinks."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable
from pathlib import Path

# A reader takes a result within milliseconds of the answer; one that has not come by now has gone.
_UNCLAIMED_AFTER_S = 60.0
_ROOM_BYTES = 256 << 20


class Handover:
    """A private directory of results that wait to be taken. Leftovers of an earlier process are removed."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
        if directory.is_symlink() or status.st_uid != os.getuid():
            raise PermissionError(f"{directory} belongs to somebody else: results cannot be handed over there")
        directory.chmod(0o700)
        self._directory = directory
        self._names = itertools.count(1)
        self.sweep(older_than_s=-1.0)

    def has_room(self) -> bool:
        """Say whether a large result may be put here: a container's shared memory is often 64 MiB in all."""
        free = os.statvfs(self._directory)
        return free.f_bavail * free.f_frsize >= _ROOM_BYTES

    def write(self, pieces: Iterable[memoryview | bytes]) -> tuple[str, int]:
        """Put `pieces` into a new file; its name and size in bytes. Nothing is left behind if a piece fails."""
        self.sweep(_UNCLAIMED_AFTER_S)
        name = f"{os.getpid()}-{next(self._names)}"
        path = self._directory / name
        size = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                for piece in pieces:
                    view = memoryview(piece)
                    while view:
                        written = file.write(view)
                        view = view[written:]
                        size += written
        except BaseException:
            self.drop(name)
            raise
        return name, size

    def drop(self, name: str) -> None:
        """Remove a result that nobody will take."""
        (self._directory / name).unlink(missing_ok=True)

    def sweep(self, older_than_s: float) -> None:
        """Remove results older than that many seconds."""
        latest = time.time() - older_than_s
        for path in self._directory.iterdir():
            try:
                if path.stat().st_mtime <= latest:
                    path.unlink()
            except FileNotFoundError:
                continue  # taken in this very moment

    def close(self) -> None:
        """Remove everything, the directory itself included."""
        self.sweep(older_than_s=-1.0)
        self._directory.rmdir()
