"""Who is on call, and who is told next while nobody acknowledges."""

from __future__ import annotations

from watchkeeper.oncall.checking import check_on_call
from watchkeeper.oncall.failure import OnCallFailure
from watchkeeper.oncall.oncall import OnCall
from watchkeeper.oncall.reach import receiver_of
from watchkeeper.oncall.roster import Roster
from watchkeeper.oncall.schedule.schedule import Schedule, Shift
from watchkeeper.oncall.sections import OnCallSections

__all__ = [
    "OnCall",
    "OnCallFailure",
    "OnCallSections",
    "Roster",
    "Schedule",
    "Shift",
    "check_on_call",
    "receiver_of",
]
