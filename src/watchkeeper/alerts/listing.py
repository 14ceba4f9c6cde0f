"""Alerts and groups as somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.alerts import Alerts
from watchkeeper.alerts.group import Group
from watchkeeper.alerts.held import AlertState, HeldAlert
from watchkeeper.alerts.muting import AlertStatus
from watchkeeper.alerts.ordering import labels_order
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher
from watchkeeper.model.tenant import DEFAULT_TENANT


def _everybody(receiver: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted: by labels, by whom they lead to, and by whether those in a state are among them.

    `receiver` and `labelled` are asked about a receiver's name; of an alert's receivers, each may be true of another.
    `muted` is about groups that a time interval holds back.
    """

    tenant: str = DEFAULT_TENANT
    matchers: tuple[Matcher, ...] = ()
    receiver: Callable[[str], bool] = _everybody
    labelled: Callable[[str], bool] = _everybody
    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    muted: bool = True

    def wants(self, held: HeldAlert, status: AlertStatus) -> bool:
        """Say whether an alert in this state is wanted."""
        return (
            (self.active or status.state is not AlertState.ACTIVE)
            and (self.silenced or not status.silenced_by)
            and (self.inhibited or not status.inhibited_by)
            and all(matcher.matches(held.alert.labels.get(matcher.name, "")) for matcher in self.matchers)
        )


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert, how it stands, whom it leads to, and which time intervals hold its group back."""

    held: HeldAlert
    status: AlertStatus
    receivers: Sequence[str]
    muted_by: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group's alerts, in the order in which they are told."""

    labels: Labels
    receiver: str
    alerts: Sequence[ListedAlert]


def list_alerts(room: Alerts, wanted: AlertFilter, at: int) -> list[ListedAlert]:
    """The alerts that have not ended by the instant `at`, by their fingerprints."""
    found: list[ListedAlert] = []
    for held in room.alerts(wanted.tenant):
        if held.alert.ends_at < at:
            continue
        receivers = room.receivers(held)
        reached = any(map(wanted.receiver, receivers)) and any(map(wanted.labelled, receivers))
        if reached and wanted.wants(held, status := room.status(held)):
            found.append(ListedAlert(held, status, receivers))
    return sorted(found, key=lambda one: one.held.fingerprint)


def list_groups(room: Alerts, wanted: AlertFilter, at: int) -> list[ListedGroup]:
    """The groups with their alerts that have not ended by the instant `at`, by their labels and receivers."""
    found: list[tuple[Group, list[tuple[HeldAlert, AlertStatus]]]] = []
    receivers: dict[HeldAlert, list[str]] = {}
    for group in room.groups(wanted.tenant):
        receiver = group.route.options.receiver
        if not (wanted.receiver(receiver) and wanted.labelled(receiver)):
            continue
        alerts = _wanted(room, group, wanted, at)
        for held, _ in alerts:
            receivers.setdefault(held, []).append(receiver)
        if alerts and (wanted.muted or not group.muted_by):
            found.append((group, alerts))
    found.sort(key=lambda one: (labels_order(one[0].labels), one[0].route.options.receiver))
    return [_listed(group, alerts, receivers) for group, alerts in found]


def _wanted(room: Alerts, group: Group, wanted: AlertFilter, at: int) -> list[tuple[HeldAlert, AlertStatus]]:
    members = (member.held for member in group.in_order())
    stated = ((held, room.status(held)) for held in members if held.alert.ends_at >= at)
    return [(held, status) for held, status in stated if wanted.wants(held, status)]


def _listed(
    group: Group, alerts: Sequence[tuple[HeldAlert, AlertStatus]], receivers: dict[HeldAlert, list[str]]
) -> ListedGroup:
    listed = [ListedAlert(held, status, sorted(receivers[held]), group.muted_by) for held, status in alerts]
    return ListedGroup(group.labels, group.route.options.receiver, listed)
