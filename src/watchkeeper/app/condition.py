"""How the process is doing, for people and for load balancers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from watchkeeper.api.home import Feeling


@dataclass(slots=True)
class Condition:
    """Ready or not, and the latest thing worth saying."""

    ready: bool = False
    summary: str = "starting"
    _feelings: list[Callable[[], Sequence[Feeling]]] = field(default_factory=list[Callable[[], Sequence[Feeling]]])

    def becomes(self, summary: str) -> None:
        """Say what is going on before we are ready."""
        self.summary = summary

    def is_ready(self) -> None:
        """From now on questions are answered."""
        self.ready, self.summary = True, ""

    def is_stopping(self) -> None:
        """From now on they are not."""
        self.ready, self.summary = False, "stopping"

    def watch(self, feel: Callable[[], Sequence[Feeling]]) -> None:
        """Let a room say how it feels."""
        self._feelings.append(feel)

    def feelings(self) -> list[Feeling]:
        """What every room says now."""
        return [feeling for feel in self._feelings for feeling in feel()]
