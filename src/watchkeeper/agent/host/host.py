"""This machine as a target: every collector in turn, and how each of them fared."""

from __future__ import annotations

import logging

from watchkeeper.agent.host.collectors import Collector, collectors
from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots
from watchkeeper.base.clock import Clock

logger = logging.getLogger("watchkeeper.agent")


class Host:
    """Collects from one machine, whose files lie at `roots`. Rounds must not overlap."""

    def __init__(self, roots: Roots, clock: Clock) -> None:
        self.roots = roots
        self._clock = clock
        self._collectors = collectors(clock)
        self._complaints: dict[str, str] = {}

    def collect(self) -> bytes:
        """One round in the text format. A collector that fails leaves the others alone; it is told as unsuccessful."""
        page = Page()
        fared = [(collector.name, *self._run(collector, page)) for collector in self._collectors]
        for name, _, duration_s in fared:
            text = "node_exporter: Duration of a collector scrape."
            page.gauge("node_scrape_collector_duration_seconds", text, duration_s, collector=name)
        for name, succeeded, _ in fared:
            text = "node_exporter: Whether a collector succeeded."
            page.gauge("node_scrape_collector_success", text, int(succeeded), collector=name)
        return page.body()

    def _run(self, collector: Collector, page: Page) -> tuple[bool, float]:
        began_s = self._clock.monotonic_s()
        complaint = ""
        try:
            collector.collect(self.roots, page)
        except NoData as reason:
            logger.debug("collector %s has no data: %s", collector.name, reason)
            return False, self._clock.monotonic_s() - began_s
        except Exception as error:
            complaint = f"{type(error).__name__}: {error}"
        self._complain(collector.name, complaint)
        return not complaint, self._clock.monotonic_s() - began_s

    def _complain(self, name: str, complaint: str) -> None:
        """Log a failure when it begins or changes, not with every round."""
        if complaint and complaint != self._complaints.get(name):
            logger.warning("collector %s failed: %s", name, complaint)
        self._complaints[name] = complaint
