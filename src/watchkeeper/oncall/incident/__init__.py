"""Incidents: opened by alerts and people, with roles, a timeline, a runbook, and a post-mortem at the end."""

from __future__ import annotations

from watchkeeper.oncall.incident.changing import Change
from watchkeeper.oncall.incident.checking import check_incidents
from watchkeeper.oncall.incident.deployments import Deployment
from watchkeeper.oncall.incident.failure import IncidentConflict, IncidentFailure, InvalidIncident, UnknownIncident
from watchkeeper.oncall.incident.incident import ROLES, ActionItem, Incident, Link, LinkedAlert, Status
from watchkeeper.oncall.incident.incidents import Incidents
from watchkeeper.oncall.incident.keeping import Filter
from watchkeeper.oncall.incident.postmortem import postmortem
from watchkeeper.oncall.incident.sections import IncidentSection
from watchkeeper.oncall.incident.statistics import By, Figures

__all__ = [
    "ROLES",
    "ActionItem",
    "By",
    "Change",
    "Deployment",
    "Figures",
    "Filter",
    "Incident",
    "IncidentConflict",
    "IncidentFailure",
    "IncidentSection",
    "Incidents",
    "InvalidIncident",
    "Link",
    "LinkedAlert",
    "Status",
    "UnknownIncident",
    "check_incidents",
    "postmortem",
]
