"""What can go wrong in this room."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class AlertsFailure(Failure):
    """The root of this room's failures."""


class MatcherFailure(AlertsFailure):
    """A text that is no matcher."""


class InvalidAlert(AlertsFailure):
    """Alerts that were refused, one reason a line; the others of the same call were taken."""


class InvalidSilence(AlertsFailure):
    """A silence that cannot be meant."""


class UnknownSilence(AlertsFailure):
    """There is no silence of this id."""


class RecurringSilenceConflict(AlertsFailure):
    """A recurring silence of this name is there already, or belongs to a file."""


class NoRoute(AlertsFailure):
    """Nothing says where alerts should go."""

    def __init__(self) -> None:
        super().__init__("no route is configured, so nobody would be told of alerts: add `route` and `receivers`")
