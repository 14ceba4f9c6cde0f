"""Rule groups: their schedule, recording, the alert state machine, and where alerts go.

The face is loaded lazily: a process without rules of its own reads the configuration only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.base.face import lazy_face

if TYPE_CHECKING:
    from watchkeeper.rules.alert_state import ActiveAlert
    from watchkeeper.rules.alertmanager_metrics import AlertmanagerMetrics
    from watchkeeper.rules.alertmanagers import Alertmanagers
    from watchkeeper.rules.file import GroupDefaults, read_rule_files, read_rule_text
    from watchkeeper.rules.filtering import RuleFilter, UnknownToken
    from watchkeeper.rules.number_text import exponent_text
    from watchkeeper.rules.rule import AlertingRule, RecordingRule, RuleGroup
    from watchkeeper.rules.rules import RuleOptions, Rules
    from watchkeeper.rules.sink import AlertSink, FanOut
    from watchkeeper.rules.status import GroupStatus, RuleStatus

__all__ = [
    "ActiveAlert",
    "AlertSink",
    "AlertingRule",
    "AlertmanagerMetrics",
    "Alertmanagers",
    "FanOut",
    "GroupDefaults",
    "GroupStatus",
    "RecordingRule",
    "RuleFilter",
    "RuleGroup",
    "RuleOptions",
    "RuleStatus",
    "Rules",
    "UnknownToken",
    "exponent_text",
    "read_rule_files",
    "read_rule_text",
]

_HOMES = {
    "ActiveAlert": "alert_state",
    "AlertSink": "sink",
    "AlertingRule": "rule",
    "AlertmanagerMetrics": "alertmanager_metrics",
    "Alertmanagers": "alertmanagers",
    "FanOut": "sink",
    "GroupDefaults": "file",
    "GroupStatus": "status",
    "RecordingRule": "rule",
    "RuleFilter": "filtering",
    "RuleGroup": "rule",
    "RuleOptions": "rules",
    "RuleStatus": "status",
    "Rules": "rules",
    "UnknownToken": "filtering",
    "exponent_text": "number_text",
    "read_rule_files": "file",
    "read_rule_text": "file",
}

__getattr__ = lazy_face(__name__, _HOMES)
