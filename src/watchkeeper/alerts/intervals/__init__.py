"""Spans of time that routes are muted or active in."""

from watchkeeper.alerts.intervals.interval import Interval, covers
from watchkeeper.alerts.intervals.sections import NamedIntervals, TimeIntervalSection

__all__ = ["Interval", "NamedIntervals", "TimeIntervalSection", "covers"]
