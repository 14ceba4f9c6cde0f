"""What escalation says of itself."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from watchkeeper.oncall.escalation.escalation import Escalation, State


class EscalationMetrics:
    """Figures of escalations and schedules."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._escalations = Gauge(
            "watchkeeper_oncall_escalations", "Escalations under way.", ["state"], registry=registry
        )
        self._pages = Counter("watchkeeper_oncall_pages", "Receivers paged.", ["outcome"], registry=registry)
        self._gap = Gauge(
            "watchkeeper_oncall_gap", "Whether nobody is on call by a schedule now.", ["schedule"], registry=registry
        )
        self.gaps = Counter(
            "watchkeeper_oncall_uncovered_steps", "Steps that found nobody to tell.", ["policy"], registry=registry
        )
        self.failures = Counter(
            "watchkeeper_oncall_failures", "Escalations that could not be kept or continued.", registry=registry
        )
        for outcome in ("arrived", "failed"):
            self._pages.labels(outcome)
        self.count(())

    def told(self, *, arrived: bool) -> None:
        """A receiver has been paged."""
        self._pages.labels("arrived" if arrived else "failed").inc()

    def count(self, escalations: Iterable[Escalation]) -> None:
        """These are under way."""
        numbers = Counted(one.state for one in escalations)
        for state in State:
            self._escalations.labels(state.value).set(numbers[state])

    def watch(self, schedules: Mapping[str, Callable[[], bool]]) -> None:
        """Show of each schedule whether it has a gap now, as its function says."""
        self._gap.clear()
        for name, gaping in schedules.items():
            self._gap.labels(name).set_function(lambda gaping=gaping: float(gaping()))
