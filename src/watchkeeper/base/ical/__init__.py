"""Calendars of other programs (RFC 5545): what happens when, as far as events say it."""

from watchkeeper.base.ical.calendar import Calendar, Occurrence, read_calendar
from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.feed import Feed

__all__ = ["Calendar", "CalendarFailure", "Feed", "Occurrence", "read_calendar"]
