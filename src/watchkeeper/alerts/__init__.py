"""Routes, grouping, inhibition, silences: which alerts are told to whom, together with which others, and when."""

from watchkeeper.alerts.alerts import Alerts
from watchkeeper.alerts.checking import check_routing
from watchkeeper.alerts.failure import (
    AlertsFailure,
    InvalidAlert,
    InvalidSilence,
    MatcherFailure,
    NoRoute,
    UnknownSilence,
)
from watchkeeper.alerts.group import Group
from watchkeeper.alerts.held import AlertState, HeldAlert
from watchkeeper.alerts.inbound import Inbound, InboundFailure, InboundSection, InboundSections, inbounds
from watchkeeper.alerts.listing import AlertFilter, ListedAlert, ListedGroup, list_alerts, list_groups
from watchkeeper.alerts.notifier import Notifier
from watchkeeper.alerts.received import Received
from watchkeeper.alerts.routing import Routing
from watchkeeper.alerts.sections import RoutingGlobal, RoutingSections
from watchkeeper.alerts.silence import Silence, SilenceState

__all__ = [
    "AlertFilter",
    "AlertState",
    "Alerts",
    "AlertsFailure",
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
    "Routing",
    "RoutingGlobal",
    "RoutingSections",
    "Silence",
    "SilenceState",
    "UnknownSilence",
    "check_routing",
    "inbounds",
    "list_alerts",
    "list_groups",
]
