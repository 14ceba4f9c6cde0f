"""Routes, grouping, inhibition, silences: which alerts are told to whom, together with which others, and when."""

from watchkeeper.alerts.acknowledged import Acknowledged
from watchkeeper.alerts.alerts import Alerts
from watchkeeper.alerts.checking import check_routing
from watchkeeper.alerts.explanation import Explanation, Way, explain
from watchkeeper.alerts.failure import (
    AlertsFailure,
    InvalidAlert,
    InvalidSilence,
    MatcherFailure,
    NoRoute,
    RecurringSilenceConflict,
    UnknownSilence,
)
from watchkeeper.alerts.group import Group
from watchkeeper.alerts.held import AlertState, HeldAlert
from watchkeeper.alerts.inbound import Inbound, InboundFailure, InboundSection, InboundSections, inbounds
from watchkeeper.alerts.limits import AlertLimits
from watchkeeper.alerts.listing import AlertFilter, ListedAlert, ListedGroup, list_alerts, list_groups
from watchkeeper.alerts.notifier import Notifier
from watchkeeper.alerts.received import Received
from watchkeeper.alerts.recurring import RecurringSilence, RecurringSilenceSection
from watchkeeper.alerts.routing import Routing
from watchkeeper.alerts.sections import RoutingGlobal, RoutingSections
from watchkeeper.alerts.severities import SeveritySections, check_severities, severities_of, unknown_word
from watchkeeper.alerts.silence import Silence, SilenceState
from watchkeeper.alerts.silencing import Silencing, SilencingSections, check_silencing

__all__ = [
    "Acknowledged",
    "AlertFilter",
    "AlertLimits",
    "AlertState",
    "Alerts",
    "AlertsFailure",
    "Explanation",
    "Group",
    "HeldAlert",
    "Inbound",
    "InboundFailure",
    "InboundSection",
    "InboundSections",
    "InvalidAlert",
    "InvalidSilence",
    "ListedAlert",
    "ListedGroup",
    "MatcherFailure",
    "NoRoute",
    "Notifier",
    "Received",
    "RecurringSilence",
    "RecurringSilenceConflict",
    "RecurringSilenceSection",
    "Routing",
    "RoutingGlobal",
    "RoutingSections",
    "SeveritySections",
    "Silence",
    "SilenceState",
    "Silencing",
    "SilencingSections",
    "UnknownSilence",
    "Way",
    "check_routing",
    "check_severities",
    "check_silencing",
    "explain",
    "inbounds",
    "list_alerts",
    "list_groups",
    "severities_of",
    "unknown_word",
]
