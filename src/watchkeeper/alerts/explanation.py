"""Why people are told of an alert, or not: its way, its groups, and what holds it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.alerts.alerts import Alerts
from watchkeeper.alerts.dispatcher import Dispatcher
from watchkeeper.alerts.group import Group
from watchkeeper.alerts.held import AlertState, HeldAlert
from watchkeeper.alerts.inhibition import Inhibition
from watchkeeper.alerts.intervals import Hold
from watchkeeper.alerts.path import Step, Verdict, path
from watchkeeper.alerts.route import Route
from watchkeeper.alerts.routing import Routing
from watchkeeper.alerts.silence import Silence
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush


@dataclass(frozen=True, slots=True)
class Way:
    """A route that takes the alert, and the alert's group there.

    `next_flush_at` (ms) is when the group is looked at next, None where there is no such group yet: then it is looked
    at once the route's wait has passed since the alert came. `holds` are the time intervals that hold the group back
    now. `flush` is what the group could say now, alerts left out that are held back; an alert that nobody has sent is
    in it as if it had come.
    """

    route: Route
    flush: Flush
    next_flush_at: int | None = None
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it about one alert as it stands at the instant `at` (ms); `held` is None where nobody has sent it.

    `silences` and `inhibition` hold it back now, whatever its group.
    """

    tenant: str
    labels: Labels
    fingerprint: str
    at: int
    held: Alert | None = None
    steps: tuple[Step, ...] = ()
    silences: tuple[Silence, ...] = ()
    inhibition: Inhibition | None = None
    ways: tuple[Way, ...] = ()

    @property
    def receivers(self) -> list[str]:
        """Whom the alert's routes lead to."""
        return [way.route.options.receiver for way in self.ways]


def explain(room: Alerts, tenant: str, labels: Labels, at: int) -> Explanation:
    """Why people are told of the alert with these labels, or would be, at the instant `at` (ms), which is now."""
    known = room.held(tenant, labels)
    held = known or HeldAlert(Alert(labels, {}, at, at + 1, tenant=tenant), at)
    inhibition, routing, dispatcher = room.inhibition(held), room.routing, room.dispatcher
    steps = path(routing.root, held.matched_labels) if routing is not None else ()
    taken = [step.route for step in steps if step.verdict is Verdict.TAKEN]
    ways: list[Way] = []
    if routing is not None and dispatcher is not None:
        ways = [_way(room, routing, dispatcher, route, held, known is not None, at) for route in taken]
    silences = tuple(room.silences.get(tenant, id) for id in room.silences.muting(held, at))
    alert = held.alert if known is not None else None
    return Explanation(tenant, labels, held.fingerprint, at, alert, steps, silences, inhibition, tuple(ways))


def _way(
    room: Alerts, routing: Routing, dispatcher: Dispatcher, route: Route, held: HeldAlert, known: bool, at: int
) -> Way:
    options = route.options
    labels, tenant = options.group_labels(held.alert.labels), held.alert.tenant
    group, holds = dispatcher.group(tenant, route, labels), routing.holds(options, at)
    told = group or Group(route, labels, tenant)
    flush = Flush(
        options.receiver,
        told.key,
        labels,
        () if holds else _sayable(room, group, held, known),
        options.repeat_interval_ms,
        at,
        at,
        tenant,
        dispatcher.acknowledged(told),
    )
    next_flush_at = dispatcher.next_flush_at(group) if group is not None else None
    return Way(route, flush, next_flush_at, holds)


def _sayable(room: Alerts, group: Group | None, held: HeldAlert, known: bool) -> tuple[Alert, ...]:
    members: Sequence[HeldAlert] = [] if group is None else [member.held for member in group.in_order()]
    members = members if known else [*members, held]
    return tuple(one.alert for one in members if room.status(one).state is AlertState.ACTIVE)
