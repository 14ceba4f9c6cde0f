"""Where the server of a data folder answers, for the commands beside it."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger("watchkeeper.app")

_FILE = "server.url"


@contextmanager
def announced(data: Path, url: str) -> Generator[None]:
    """Say in the data folder that a server answers at `url`, as long as the block lasts or this process lives.

    Another server that has said so before (both on one cluster) is left standing. Where the folder has no room it is
    not said, and logged.
    """
    descriptor = os.open(data / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(descriptor):
            yield
            return
        _say(descriptor, f"{url}\n")
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _say(descriptor: int, text: str) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
    except OSError as why:
        logger.warning("commands beside this server will not find it by its data folder: %s", why.strerror or why)


def server_of(data: Path) -> str:
    """Where the server that runs on the folder answers; empty where none runs, or it is not ready yet."""
    try:
        descriptor = os.open(data / _FILE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        # A process that died has left its words, but no lock.
        return "" if _locked(descriptor) else os.pread(descriptor, 4096, 0).decode().strip()
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
