"""Silences that come back: every Sunday night, on the last day of a month."""

from watchkeeper.alerts.recurring.recurring import RecurringSilence
from watchkeeper.alerts.recurring.schedule import Schedule, ScheduleFailure, Span
from watchkeeper.alerts.recurring.sections import RecurringSilenceSection

__all__ = ["RecurringSilence", "RecurringSilenceSection", "Schedule", "ScheduleFailure", "Span"]
