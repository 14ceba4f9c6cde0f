"""Where a judged commit goes: straight into the engine, or into the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.store.client import Client
from watchkeeper.store.floats import Floats
from watchkeeper.store.gathered import Gathered, days
from watchkeeper.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Commit:
    """What is to be stored together: rows that must come before the samples, the samples, and rows after them.

    Each block of rows has the name of its partition. `ids` (m,) are the storage ids of `samples`, histograms included;
    the histograms' rows are in `after`.
    """

    before: list[tuple[Rows, str]]
    samples: Gathered
    ids: NDArray[np.uint64]
    after: list[tuple[Rows, str]]

    def floats(self) -> tuple[Gathered, NDArray[np.uint64]]:
        """The float samples and their storage ids."""
        if not self.samples.histograms:
            return self.samples, self.ids
        mask = self.samples.histogram_at < 0
        return self.samples.take(mask), self.ids[mask]


class Sink(Protocol):
    """Takes commits, one after the other."""

    def store(self, commit: Commit) -> None:
        """Return once the commit will survive. Raises StoreFailure, and then it has not been stored."""
        ...


class Direct:
    """Into the engine, at once. `run` is no other process' name, ever."""

    def __init__(self, client: Client, run: str) -> None:
        self._client = client
        self._floats = Floats()
        self._run = run
        self._commits = 0

    def store(self, commit: Commit) -> None:
        """Insert it. (A commit that spans days may be stored in part; its retry writes the same rows over them.)"""
        self._commits += 1
        blocks = [rows for rows, _ in commit.before]
        floats, ids = commit.floats()
        for rows in days(floats.timestamps):
            starts = floats.starts[rows]
            tenants = floats.tenants.take(rows)
            blocks.append(self._floats.rows(tenants, ids[rows], floats.timestamps[rows], floats.values[rows], starts))
        for number, block in enumerate([*blocks, *(rows for rows, _ in commit.after)]):
            token = f"{self._run}-{self._commits}-{block.table}-{number}"
            self._client.insert(block.table, block.columns, block.block, token=token)
