"""One process for each folder of data."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from watchkeeper.base.failure import Failure


class FolderInUse(Failure):
    """Another process has the folder."""


def take(folder: Path, name: str) -> int:
    """Take `folder` by its file `name` for this process until it ends; the lock's file descriptor.

    Raises FolderInUse that names the holder, and OSError where the file cannot be made.
    """
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 4096, 0).decode(errors="replace").strip() or "a process that left no name"
        os.close(descriptor)
        raise FolderInUse(
            f"{folder} is in use by {holder}: only one process can have the data open; stop it, or use another --data"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, _who().encode(), 0)
    return descriptor


def _who() -> str:
    """This process and the one that started it, for whoever finds the folder taken."""
    parent = os.getppid()
    try:
        command = Path(f"/proc/{parent}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        command = ""
    return f"process {os.getpid()}, started by process {parent}" + (f" ({command[:200]})" if command else "")
