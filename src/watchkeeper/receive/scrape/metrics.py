"""What scraping counts of itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DURATIONS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class ScrapeMetrics:
    """The self-metrics of all scrape pools."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"watchkeeper_scrape_{name}", text, labels, registry=registry)

        self.scrapes = counter("scrapes", "Scrapes by what became of them.", "outcome")
        self.samples = counter("samples", "Samples stored from scrapes, staleness markers and reports included.")
        self.lost = counter("samples_lost", "Samples that the store did not take; their scrapes are lost.")
        self.refused = counter("samples_refused", "Samples left out of a scrape that was stored, by reason.", "reason")
        self.limits = counter("limits_exceeded", "Scrapes that failed over a limit of their job.", "limit")
        self.missed = counter("intervals_missed", "Due scrapes left out since the one before was still at work.")
        self.failed_targets = counter("target_failures", "Discovered targets that make no sense.", "scrape_job")
        self.targets = Gauge("watchkeeper_scrape_targets", "Targets being scraped.", ("scrape_job",), registry=registry)
        self.entries = Gauge(
            "watchkeeper_scrape_cache_entries", "Series and comments remembered.", ("scrape_job",), registry=registry
        )
        self.duration_s = Histogram(
            "watchkeeper_scrape_duration_seconds",
            "Time from request to commit.",
            buckets=_DURATIONS_S,
            registry=registry,
        )
