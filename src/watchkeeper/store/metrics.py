"""What the store counts about itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class StoreMetrics:
    """The store's self-metrics, in the registry that is handed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.samples = Counter(
            "watchkeeper_store_samples_appended_total", "Samples committed, histograms included.", registry=registry
        )
        self.refused = Counter(
            "watchkeeper_store_samples_refused_total", "Samples refused, by reason.", ["reason"], registry=registry
        )
        self.commit_s = Histogram(
            "watchkeeper_store_commit_duration_seconds",
            "How long a group commit took.",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
            registry=registry,
        )
        self.commit_samples = Histogram(
            "watchkeeper_store_commit_samples",
            "How many samples a group commit held.",
            buckets=(10, 100, 1000, 10_000, 100_000, 1_000_000),
            registry=registry,
        )
        self.commit_failures = Counter(
            "watchkeeper_store_commit_failures_total", "Group commits that failed.", registry=registry
        )
        self.waiting = Gauge(
            "watchkeeper_store_waiting_samples", "Samples that wait for their commit.", registry=registry
        )
        self.busy = Counter(
            "watchkeeper_store_busy_total", "Appends refused because too many samples waited.", registry=registry
        )
        self.full = Gauge(
            "watchkeeper_store_full", "Whether ingest has stopped for want of disk space.", registry=registry
        )
        self.select_s = Histogram(
            "watchkeeper_store_select_duration_seconds",
            "How long reads of samples took.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
            registry=registry,
        )
        self.selected = Counter("watchkeeper_store_samples_selected_total", "Samples read.", registry=registry)
        self.rewritten = Counter(
            "watchkeeper_store_rewritten_selects_total",
            "Reads that met a timestamp written twice and were merged by the engine.",
            registry=registry,
        )
        self.log_bytes = Gauge(
            "watchkeeper_store_log_bytes", "What the log holds that the engine does not have yet.", registry=registry
        )
        self.flush_s = Histogram(
            "watchkeeper_store_flush_duration_seconds",
            "How long it took to hand a segment of the log to the engine.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
            registry=registry,
        )
        self.flush_failures = Counter(
            "watchkeeper_store_flush_failures_total", "Attempts at that which failed.", registry=registry
        )
        self.from_memory = Counter(
            "watchkeeper_store_memory_selects_total", "Reads answered from memory alone.", registry=registry
        )
