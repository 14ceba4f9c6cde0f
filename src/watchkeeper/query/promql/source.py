"""Where a query's samples come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from watchkeeper.model.samples import Selection, SeriesBlock


class Source(Protocol):
    """What answers selections; called from worker threads, may block and raise."""

    def select(self, selection: Selection) -> SeriesBlock:
        """The series of one selection that have samples in its range."""
        ...

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        """The answers to several selections, in their order."""
        ...
