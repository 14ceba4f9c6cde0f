"""What keeps alerts from being told: inhibition, time intervals, silences, in Alertmanager's order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.group import Group, Member
from watchkeeper.alerts.held import AlertState, HeldAlert, Muted
from watchkeeper.alerts.history import Cause, History
from watchkeeper.alerts.inhibition import Inhibitor
from watchkeeper.alerts.metrics import AlertsMetrics
from watchkeeper.alerts.route import RouteOptions
from watchkeeper.alerts.silences import Silences


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Whether people are told of an alert, and what keeps them from it: silences' ids, an alert's fingerprint."""

    state: AlertState
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


_BY_NOTHING: Muted = ((), False, ())


class Muting:
    """Asks each of the three; `times` names the time intervals that hold a route back at an instant."""

    def __init__(
        self,
        inhibitor: Inhibitor,
        silences: Silences,
        times: Callable[[RouteOptions, int], tuple[str, ...]],
        history: History,
        metrics: AlertsMetrics,
    ) -> None:
        self._history = history
        self._metrics = metrics
        self._inhibitor = inhibitor
        self._silences = silences
        self._times = times

    def passing(self, group: Group, members: Sequence[Member], at: int) -> list[Member]:
        """Those of a group's alerts that may be told at the instant `at`; notes in them and in the group what mutes.

        The journal learns of what has changed since the last time.
        """
        group.muted_by = self._times(group.route.options, at)
        stated = [(member, self.status(member.held, at)) for member in members]
        self._record(group, stated, at)
        self._count(group, [status for _, status in stated])
        return [] if group.muted_by else [one for one, status in stated if status.state is AlertState.ACTIVE]

    def status(self, held: HeldAlert, at: int) -> AlertStatus:
        """How an alert stands at the instant `at`; noted in it, too."""
        inhibitor = self._inhibitor.inhibitor_of(held, at)
        silenced_by = self._silences.muting(held, at)
        held.state = AlertState.SUPPRESSED if inhibitor is not None or silenced_by else AlertState.ACTIVE
        return AlertStatus(held.state, silenced_by, (inhibitor.fingerprint,) if inhibitor is not None else ())

    def _count(self, group: Group, statuses: Sequence[AlertStatus]) -> None:
        """Count what is not told, each alert once, by what holds it back first."""
        free = [status for status in statuses if not status.inhibited_by]
        self._metrics.suppress("inhibition", len(statuses) - len(free))
        if group.muted_by:
            active = group.muted_by == group.route.options.active_intervals
            self._metrics.suppress("active_time_interval" if active else "mute_time_interval", len(free))
        else:
            self._metrics.suppress("silence", sum(bool(status.silenced_by) for status in free))

    def _record(self, group: Group, stated: Sequence[tuple[Member, AlertStatus]], at: int) -> None:
        changed: dict[Muted, list[HeldAlert]] = {}
        for member, status in stated:
            held = member.held
            self._history.seen(held, at)
            muted = (status.silenced_by, bool(status.inhibited_by), group.muted_by)
            if muted == held.muted.get(group.route.id, _BY_NOTHING):
                continue
            if muted == _BY_NOTHING:
                del held.muted[group.route.id]
            else:
                held.muted[group.route.id] = muted
            changed.setdefault(muted, []).append(held)
        for muted, alerts in changed.items():
            self._record_change(group, muted, alerts, at)

    def _record_change(self, group: Group, muted: Muted, alerts: Sequence[HeldAlert], at: int) -> None:
        if muted == _BY_NOTHING:
            self._history.unmuted(group, alerts, at)
            return
        ids, inhibited, intervals = muted
        silences = tuple(self._silences.get(group.tenant, id) for id in ids)
        inhibitor = self._inhibitor.inhibitor_of(alerts[0], at) if inhibited else None
        self._history.muted(group, alerts, Cause(silences, inhibitor, intervals), at)
