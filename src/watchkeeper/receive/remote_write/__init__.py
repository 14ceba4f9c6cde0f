"""Remote write, 1.0 and 2.0: from a sender's body to a committed batch."""

from watchkeeper.receive.remote_write.body import BodyLimits
from watchkeeper.receive.remote_write.outcome import Outcome
from watchkeeper.receive.remote_write.receiver import RemoteWrite, Sink
from watchkeeper.receive.remote_write.warm import warm_up

__all__ = ["BodyLimits", "Outcome", "RemoteWrite", "Sink", "warm_up"]
