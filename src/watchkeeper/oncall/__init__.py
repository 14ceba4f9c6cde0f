"""From a notification to a person: schedules, escalation, acknowledgement, incidents."""

from __future__ import annotations

from watchkeeper.oncall.acknowledgement import Acknowledgement, Answer, Change, Ending
from watchkeeper.oncall.acknowledgement_config import OnCallSection
from watchkeeper.oncall.acknowledgements import Acknowledgements

__all__ = ["Acknowledgement", "Acknowledgements", "Answer", "Change", "Ending", "OnCallSection"]
