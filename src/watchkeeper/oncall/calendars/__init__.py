"""Calendars of other programs, renewed while they are in use."""

from watchkeeper.oncall.calendars.calendars import Calendars

__all__ = ["Calendars"]
