"""From a notification to a person: who is on call, who is told next, and who has taken it on."""

from __future__ import annotations

from watchkeeper.oncall.acknowledgement import Acknowledgement, Answer, Change, Ending
from watchkeeper.oncall.acknowledgement_config import OnCallSection
from watchkeeper.oncall.acknowledgements import Acknowledgements
from watchkeeper.oncall.checking import check_on_call
from watchkeeper.oncall.failure import OnCallFailure
from watchkeeper.oncall.oncall import OnCall
from watchkeeper.oncall.override_checking import check_overrides
from watchkeeper.oncall.reach import receiver_of
from watchkeeper.oncall.reach_checking import check_reach
from watchkeeper.oncall.roster import Roster
from watchkeeper.oncall.schedule.schedule import Schedule, Shift
from watchkeeper.oncall.sections import OnCallSections
from watchkeeper.oncall.severity_checking import check_on_call_severities

__all__ = [
    "Acknowledgement",
    "Acknowledgements",
    "Answer",
    "Change",
    "Ending",
    "OnCall",
    "OnCallFailure",
    "OnCallSection",
    "OnCallSections",
    "Roster",
    "Schedule",
    "Shift",
    "check_on_call",
    "check_on_call_severities",
    "check_overrides",
    "check_reach",
    "receiver_of",
]
