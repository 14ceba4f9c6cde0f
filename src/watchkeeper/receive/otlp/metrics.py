"""What the OTLP receiver counts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class OTLPMetrics:
    """Counters of requests and of what became of their contents."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "watchkeeper_otlp_requests_total",
            "OTLP metrics requests, by transport and result (an HTTP status or a gRPC code).",
            ["transport", "code"],
            registry=registry,
        )
        self.written = Counter(
            "watchkeeper_otlp_written_samples_total",
            "Samples (histograms included) stored from OTLP requests.",
            registry=registry,
        )
        self.rejected = Counter(
            "watchkeeper_otlp_rejected_data_points_total",
            "Data points rejected in OTLP requests that were otherwise stored.",
            registry=registry,
        )
        self.delta_streams = Gauge(
            "watchkeeper_otlp_delta_streams",
            "Delta streams whose cumulative value is kept.",
            registry=registry,
        )
