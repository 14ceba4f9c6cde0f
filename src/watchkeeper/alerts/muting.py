"""What keeps alerts from being told: inhibition, time intervals, silences, in Alertmanager's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.group import Group, Member
from watchkeeper.alerts.held import AlertState, HeldAlert
from watchkeeper.alerts.inhibition import Inhibitor
from watchkeeper.alerts.intervals import Interval, covers
from watchkeeper.alerts.route import RouteOptions
from watchkeeper.alerts.silences import Silences


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Whether people are told of an alert, and what keeps them from it: silences' ids, an alert's fingerprint."""

    state: AlertState
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


class Muting:
    """Asks each of the three."""

    def __init__(self, inhibitor: Inhibitor, silences: Silences, intervals: Mapping[str, Sequence[Interval]]) -> None:
        self._inhibitor = inhibitor
        self._silences = silences
        self._intervals = intervals

    def passing(self, group: Group, members: Sequence[Member], at: int) -> list[Member]:
        """Those of a group's alerts that may be told at the instant `at`; notes in them and in the group what mutes."""
        group.muted_by = self._times(group.route.options, at)
        told = [member for member in members if self.status(member.held, at).state is AlertState.ACTIVE]
        return [] if group.muted_by else told

    def status(self, held: HeldAlert, at: int) -> AlertStatus:
        """How an alert stands at the instant `at`; noted in it, too."""
        inhibitor = self._inhibitor.inhibitor_of(held, at)
        silenced_by = self._silences.muting(held, at)
        held.state = AlertState.SUPPRESSED if inhibitor is not None or silenced_by else AlertState.ACTIVE
        return AlertStatus(held.state, silenced_by, (inhibitor.fingerprint,) if inhibitor is not None else ())

    def _times(self, options: RouteOptions, at: int) -> tuple[str, ...]:
        active = options.active_intervals
        if active and not any(covers(self._intervals[name], at) for name in active):
            return active
        return tuple(name for name in options.mute_intervals if covers(self._intervals[name], at))
