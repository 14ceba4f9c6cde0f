"""One module for each way of telling people: rendered texts → the other side's payload → its judgement."""

from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.transport import Acknowledging, Ticketing, Transport, make_transport

__all__ = ["Acknowledging", "Outside", "Ticketing", "Transport", "make_transport"]
