"""OTLP metrics: from an exporter's request, in protobuf or JSON, to a committed batch, by Prometheus' rules."""

from watchkeeper.receive.otlp.body import BodyLimits
from watchkeeper.receive.otlp.failure import OTLPFailure
from watchkeeper.receive.otlp.metrics import OTLPMetrics
from watchkeeper.receive.otlp.outcome import Outcome
from watchkeeper.receive.otlp.receiver import OTLP, Sink
from watchkeeper.receive.otlp.status import Code, status_details
from watchkeeper.receive.otlp.translation import Translation

__all__ = [
    "OTLP",
    "BodyLimits",
    "Code",
    "OTLPFailure",
    "OTLPMetrics",
    "Outcome",
    "Sink",
    "Translation",
    "status_details",
]
