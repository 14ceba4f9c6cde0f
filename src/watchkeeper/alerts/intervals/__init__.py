"""Spans of time that routes are muted or active in."""

from watchkeeper.alerts.intervals.hold import Hold, end_of, zones
from watchkeeper.alerts.intervals.interval import Interval, covers
from watchkeeper.alerts.intervals.sections import NamedIntervals, TimeIntervalSection

__all__ = ["Hold", "Interval", "NamedIntervals", "TimeIntervalSection", "covers", "end_of", "zones"]
