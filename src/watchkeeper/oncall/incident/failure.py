"""What can go wrong with incidents."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class IncidentFailure(Failure):
    """The root of this room's failures."""


class UnknownIncident(IncidentFailure):
    """There is no incident, alert, step or runbook of that name."""


class InvalidIncident(IncidentFailure):
    """Something that an incident cannot be."""


class IncidentConflict(IncidentFailure):
    """A change that an incident does not take as it stands now."""
