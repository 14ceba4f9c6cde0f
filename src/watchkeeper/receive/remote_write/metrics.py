"""What the remote-write receiver counts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class RemoteWriteMetrics:
    """Counters of requests and of what became of their contents."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "watchkeeper_remote_write_requests_total",
            "Remote-write requests, by protobuf message and HTTP status.",
            ["message", "code"],
            registry=registry,
        )
        self.written = Counter(
            "watchkeeper_remote_write_written_total",
            "Samples, histograms and exemplars stored by remote write.",
            ["kind"],
            registry=registry,
        )
        self.refused = Counter(
            "watchkeeper_remote_write_refused_total",
            "Samples (histograms included) refused in remote-write requests that were otherwise stored, by reason.",
            ["reason"],
            registry=registry,
        )
        self.new_series = Counter(
            "watchkeeper_remote_write_new_label_sets_total",
            "Label sets that were not recognised from earlier requests.",
            registry=registry,
        )
