"""Pushgateway: groups of metrics that jobs push, kept over restarts and sampled until they are deleted."""

from watchkeeper.receive.pushgateway.body import LARGEST_BODY
from watchkeeper.receive.pushgateway.failure import PushFailure
from watchkeeper.receive.pushgateway.gateway import Answer, Pushgateway, Sink
from watchkeeper.receive.pushgateway.keeping import STEPS, Keeping
from watchkeeper.receive.pushgateway.listing import listing

__all__ = ["LARGEST_BODY", "STEPS", "Answer", "Keeping", "PushFailure", "Pushgateway", "Sink", "listing"]
