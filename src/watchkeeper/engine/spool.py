"""An insert's data where the engine reads it: in memory, under a path that ends with its use."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def spooled(data: bytes) -> Generator[str]:
    """A path under which this process, and nobody else, reads `data`. Raises OSError when there is no room for it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("insert")
        try:
            _write(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    descriptor, path = tempfile.mkstemp(prefix="watchkeeper-insert-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        yield path
    finally:
        Path(path).unlink()


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
