"""What runs a script's commands: a real store and engine, behind this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from watchkeeper.query.promql.script.answer import Answer
from watchkeeper.query.promql.script.command import Series


class Backend(Protocol):
    """All calls block. They raise PromqlFailure where the query fails, other failures where the house does."""

    def fresh(self) -> str:
        """A new tenant without data, retention or time window, to be thrown away."""
        ...

    def append(self, tenant: str, series: Sequence[Series], step: int) -> None:
        """Store series with a value every `step` ms from time 0; raises where one is refused."""
        ...

    def instant(self, tenant: str, query: str, at: int) -> Answer:
        """The answer of an instant query."""
        ...

    def range(self, tenant: str, query: str, start: int, end: int, step: int) -> Answer:
        """The answer of a range query."""
        ...
