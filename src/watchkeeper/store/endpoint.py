"""Where the store's ClickHouse interface answers, and who may ask."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path

# Asks the embedded engine to answer with a file in shared memory; a ClickHouse server does not know it and streams.
RESULT_REQUEST_HEADER = "X-Watchkeeper-Result"
RESULT_REQUEST_VALUE = "shm"
# Names the file in the answer. Absent when the result was small enough to travel in the body, or was streamed.
RESULT_FILE_HEADER = "X-Watchkeeper-Result-File"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A ClickHouse HTTP interface: the embedded engine's on loopback, or a cluster's.

    `shared_directory` is set where results may be handed over in shared memory, by the embedded engine only.
    """

    host: str
    port: int
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = "default"
    secure: bool = False
    shared_directory: Path | None = None

    def take_result(self, name: str) -> memoryview:
        """The bytes of the result that RESULT_FILE_HEADER named, read-only; the file is gone afterwards.

        The memory lives as long as the view, or an array over it, is referred to. Raises OSError when there is no
        such file, and ValueError for a name that could lie elsewhere.
        """
        if self.shared_directory is None or os.sep in name or name.startswith("."):
            raise ValueError(f"{name!r} is not the name of a result in shared memory")
        path = self.shared_directory / name
        with path.open("rb") as file:
            path.unlink()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
