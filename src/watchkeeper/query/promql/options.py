"""What bounds a query and how it is evaluated."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The settings of an engine; the defaults are Prometheus'.

    `max_samples` bounds the samples a query holds at once, `max_bytes` its arrays. `lookback_ms` is how long a sample
    stands for its series. `default_step_ms` is the step of a subquery without one. `delayed_name_removal` keeps metric
    names until the end of the query (Prometheus' promql-delayed-name-removal), `use_start_timestamps` lets rates see
    counters start (use-start-timestamps), `type_and_unit_labels` judges counters by `__type__` (type-and-unit-labels).
    """

    lookback_ms: int = 300_000
    timeout_s: float = 120.0
    max_samples: int = 50_000_000
    max_bytes: int = 2 << 30
    default_step_ms: int = 60_000
    delayed_name_removal: bool = True
    use_start_timestamps: bool = True
    type_and_unit_labels: bool = False
    threads: int = 2


class Cancellation:
    """A wish to stop a query, to be handed to the query and fired from any thread."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Stop the query at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Say whether it was fired."""
        return self._event.is_set()
