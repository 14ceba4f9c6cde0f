"""The room: takes alerts, and sees to it that groups of them are told."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from prometheus_client import CollectorRegistry

from watchkeeper.alerts.acknowledged import Acknowledged
from watchkeeper.alerts.alert_keeping import ALERTS, AlertKeeping
from watchkeeper.alerts.alert_store import AlertStore
from watchkeeper.alerts.batching import AlertWriter
from watchkeeper.alerts.dispatcher import Dispatcher
from watchkeeper.alerts.failure import InvalidAlert, NoRoute
from watchkeeper.alerts.group import Group
from watchkeeper.alerts.held import AlertState, HeldAlert
from watchkeeper.alerts.history import History
from watchkeeper.alerts.inhibition import Inhibition, Inhibitor
from watchkeeper.alerts.limits import AlertLimits
from watchkeeper.alerts.metrics import AlertsMetrics, States
from watchkeeper.alerts.muting import AlertStatus, Muting
from watchkeeper.alerts.notifier import Notifier
from watchkeeper.alerts.quota import Quota
from watchkeeper.alerts.received import Received, checked
from watchkeeper.alerts.recurring.keeping import RecurringKeeping
from watchkeeper.alerts.recurring.recurring_silences import RecurringSilences
from watchkeeper.alerts.route import RouteOptions
from watchkeeper.alerts.routing import Routing
from watchkeeper.alerts.silence_keeping import SILENCES, SilenceKeeping
from watchkeeper.alerts.silence_notes import SilenceNotes
from watchkeeper.alerts.silence_watch import SilenceWatch
from watchkeeper.alerts.silences import NO_LIMITS, Silences
from watchkeeper.alerts.silencing import Silencing
from watchkeeper.alerts.upkeep import Upkeep
from watchkeeper.base.clock import Clock
from watchkeeper.journal import Journal
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)
ROOM = "alerts"
PATIENCE_S = 5.0
"""How long receivers may take when the process ends."""


class Alerts:
    """Routing, grouping, inhibition and silences over one configuration; all on one event loop.

    `open`, then `apply`, and `close` at the end. Without a route alerts are refused, silences can be made all the same.
    """

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        notifier: Notifier,
        clock: Clock,
        registry: CollectorRegistry,
        new_id: Callable[[], str],
        acknowledged: Acknowledged | None = None,
        limits: AlertLimits = NO_LIMITS,
    ) -> None:
        self._control = control
        self._history = History(journal)
        self._notifier = notifier
        self._clock = clock
        self._acknowledged = acknowledged
        self._keeping = AlertKeeping(control)
        self._store = AlertStore()
        self._quota = Quota(limits.alerts_per_name)
        self._writer = AlertWriter(self._keeping, clock)
        self._inhibitor = Inhibitor()
        self._routing: Routing | None = None
        self.dispatcher: Dispatcher | None = None
        self.watchers: list[Callable[[HeldAlert], None]] = []
        """Whoever wants to know of alerts that arrive and are new, or say something new."""
        self._running: asyncio.Task[None] | None = None
        self.metrics = AlertsMetrics(registry)
        self.metrics.limit.set(limits.alerts_per_name)
        self.silences = Silences(SilenceKeeping(control, journal), clock, new_id, limits)
        self._muting = Muting(self._inhibitor, self.silences, _no_times, self._history, self.metrics)
        self.recurring = RecurringSilences(RecurringKeeping(control), self.silences, clock, journal)
        self._watch = SilenceWatch(SilenceNotes(control), self.silences, notifier, clock, journal)
        self._upkeep = Upkeep(self.forget_resolved, self._writer, self.silences, self.recurring, self.watch_silences)
        registry.register(States(self._states, self.silences.count))

    @property
    def routing(self) -> Routing | None:
        """The configuration in force."""
        return self._routing

    async def open(self) -> None:
        """Take up silences and alerts that were kept. Raises StoreFailure.

        Alerts that fired when the last process ended have as long left as they had then: nobody could tell us more.
        """
        await self._control.migrate(ROOM, [SILENCES, ALERTS])
        await self.silences.open()
        await self.recurring.open()
        await self._watch.open()
        kept = await self._keeping.all()
        alive_at = self._clock.now_ms() if kept.alive_at is None else kept.alive_at
        away_ms = 0 if kept.alive_at is None else max(0, self._clock.now_ms() - kept.alive_at)
        for held in kept.alerts:
            held.recorded = not held.alert.is_resolved(alive_at)
            if kept.alive_at is not None and not held.alert.is_resolved(kept.alive_at):
                held.alert = replace(held.alert, ends_at=held.alert.ends_at + away_ms)
            self._store.restore(held)
            self._quota.restore(held.alert)
        self._writer.start()
        self._upkeep.start()

    async def apply(self, routing: Routing | None) -> None:
        """Route by this configuration; groups of routes that it leaves unchanged go on as if nothing had happened."""
        self._routing = routing
        rules = routing.inhibit_rules if routing is not None else ()
        self._inhibitor = Inhibitor(rules)
        times = routing.times if routing is not None else _no_times
        self._muting = Muting(self._inhibitor, self.silences, times, self._history, self.metrics)
        self.metrics.rules.set(len(rules))
        for held in self._store:
            self._inhibitor.admit(held)
        if routing is None:
            await self._halt()
            for held in self._store:
                held.groups = ()
        elif self.dispatcher is not None:
            self.dispatcher.reroute(routing.root, self._muting, self._store)
        else:
            self._begin(routing)

    async def silence_by(self, silencing: Silencing) -> None:
        """Live by what a configuration says about silences; before `apply`, so that nothing is told that they mute."""
        self._watch.policy = silencing.policy
        self.recurring.apply(silencing.recurring)
        try:
            await self.recurring.plan()
        except StoreFailure as failure:
            log.warning("recurring silences are planned again within a minute: %s", failure)

    async def close(self) -> None:
        """Finish what is being told, for a while, and keep what is known; what is broken off is told after a start."""
        await self._halt()
        await self._upkeep.stop()
        await self._writer.stop()

    async def post(self, received: Sequence[Received], tenant: str) -> None:
        """Take alerts from outside; returned when they are kept.

        Those beyond the limit of their name are left out, and nobody is told so. Raises InvalidAlert where some are
        refused, the others being taken; NoRoute; StoreFailure where they could not be kept: they are told all the same.
        """
        routing = self._routing
        if routing is None:
            raise NoRoute
        now, reasons, resolved, urgent = self._clock.now_ms(), list[str](), 0, False
        for one in received:
            alert = one.alert(now, routing.resolve_timeout_ms, tenant)
            resolved += alert.is_resolved(now)
            if reason := checked(alert):
                reasons.append(reason)
            else:
                urgent |= self._put(alert, now, timed_out=one.ends_at is None)
        self.metrics.arrived(firing=len(received) - resolved, resolved=resolved, invalid=len(reasons))
        if urgent:
            await self._writer.written()
        if reasons:
            raise InvalidAlert("\n".join(reasons))

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take alerts from our own rules, which send them again: what has changed is kept soon, nobody waits for it."""
        if self._routing is not None:
            now = self._clock.now_ms()
            changed = [self._put(alert, now) for alert in alerts]
            if any(changed):
                self._writer.soon()

    @property
    def count(self) -> int:
        """How many alerts are held, those that have ended a while ago included."""
        return len(self._store)

    @property
    def group_count(self) -> int:
        """How many groups hold alerts."""
        return len(self.dispatcher.groups()) if self.dispatcher is not None else 0

    def vital(self) -> str:
        """Why nobody would be told of an alert that came now; empty where somebody would."""
        if self._routing is None:
            return "there is no route by which anybody would be told"
        return "" if self._running is not None and not self._running.done() else "groups are not looked after"

    def alerts(self, tenant: str) -> Iterator[HeldAlert]:
        """A tenant's alerts, those that have ended a while ago included."""
        return (held for held in self._store if held.alert.tenant == tenant)

    def every(self) -> Iterator[HeldAlert]:
        """All tenants' alerts, those that have ended a while ago included."""
        return iter(self._store)

    def find(self, tenant: str, labels: Labels) -> HeldAlert | None:
        """The alert with these labels, where it is held."""
        return self._store.get(tenant, labels)

    def groups(self, tenant: str) -> Iterator[Group]:
        """A tenant's groups."""
        groups = self.dispatcher.groups() if self.dispatcher is not None else ()
        return (group for group in groups if group.tenant == tenant)

    def status(self, held: HeldAlert) -> AlertStatus:
        """How an alert stands now."""
        return self._muting.status(held, self._clock.now_ms())

    def held(self, tenant: str, labels: Labels) -> HeldAlert | None:
        """The alert with these labels, where it is held."""
        return self._store.get(tenant, labels)

    def inhibition(self, held: HeldAlert) -> Inhibition | None:
        """What inhibits an alert now, which need not be held."""
        self._inhibitor.recognize(held)
        return self._inhibitor.inhibition_of(held, self._clock.now_ms())

    def receivers(self, held: HeldAlert) -> list[str]:
        """Whom the alert's routes lead to."""
        routes = self._routing.root.match(held.matched_labels) if self._routing is not None else []
        return [route.options.receiver for route in routes]

    async def watch_silences(self) -> None:
        """Warn of silences that end soon, and expire those that match nothing for long. Raises StoreFailure."""
        await self._watch.round(self._store)

    def forget_resolved(self) -> None:
        """Forget the alerts that have ended, and of which nobody is still to be told."""
        for held in self._store.forget_resolved(self._clock.now_ms()):
            self._history.seen(held, self._clock.now_ms())
            self._inhibitor.forget(held)
            self._quota.forget(held.alert)
            self._writer.gone(held)

    def _put(self, alert: Alert, now: int, *, timed_out: bool = False) -> bool:
        if not self._quota.takes(alert, now):
            self.metrics.limited.inc()
            return False
        if (before := self._store.get(alert.tenant, alert.labels)) is not None:
            self._history.seen(before, now)
        held, changed = self._store.put(alert, now, timed_out=timed_out)
        self._history.seen(held, now)
        if held.revision == 0:
            self._inhibitor.admit(held)
        self._writer.changed(held)
        if self.dispatcher is not None:
            self.dispatcher.take(held)
        if changed:
            for watcher in self.watchers:
                watcher(held)
        return changed

    def _begin(self, routing: Routing) -> None:
        self.dispatcher = Dispatcher(
            routing.root, self._muting, self._notifier, self._clock, self.metrics, self._acknowledged
        )
        for held in self._store:
            held.groups = ()
            self.dispatcher.take(held)
        self._running = asyncio.create_task(self.dispatcher.run(), name="alerts' dispatcher")

    async def _halt(self) -> None:
        """Group no more, and finish what is being told, for a while."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        if self.dispatcher is not None:
            dispatcher, self.dispatcher = self.dispatcher, None
            await dispatcher.settle(PATIENCE_S)
            self.metrics.groups.set(0)

    def _states(self) -> dict[AlertState, int]:
        now = self._clock.now_ms()
        counts = Counter(held.state for held in self._store if not held.alert.is_resolved(now))
        return {state: counts[state] for state in AlertState}


def _no_times(options: RouteOptions, at: int) -> tuple[str, ...]:
    return ()
