"""The room: incidents as people open, change and end them, and as alerts do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from prometheus_client import CollectorRegistry, Gauge

from watchkeeper.alerts import Alerts
from watchkeeper.base.clock import Clock
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.journal import Entry, Journal, Kind, Search
from watchkeeper.model.alert import Alert
from watchkeeper.oncall.incident import changing
from watchkeeper.oncall.incident.book import Book
from watchkeeper.oncall.incident.changing import Change, Changed
from watchkeeper.oncall.incident.deployments import Deployment
from watchkeeper.oncall.incident.failure import IncidentConflict, InvalidIncident, UnknownIncident
from watchkeeper.oncall.incident.following import Following
from watchkeeper.oncall.incident.incident import Incident, LinkedAlert
from watchkeeper.oncall.incident.keeping import Filter
from watchkeeper.oncall.incident.rule import Rule, linked
from watchkeeper.oncall.incident.seeing import check_seen
from watchkeeper.oncall.incident.statistics import By, Figures, statistics
from watchkeeper.oncall.incident.tickets import Tickets, TicketTeller
from watchkeeper.oncall.incident.timeline import timeline
from watchkeeper.oncall.runbook import Runbook, Runbooks
from watchkeeper.store.control import ControlDatabase

_COUNTED = 100_000
"""How many incidents statistics take in at the most, the newest of them."""


class Incidents:
    """`open` and `apply` before use, `close` at the end; all on one event loop.

    What must not happen twice takes the name of a `request`: the second of that name within a day changes nothing and
    gives the incident that the first was about.
    """

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        alerts: Alerts,
        clock: Clock,
        registry: CollectorRegistry,
        external_url: str,
        teller: TicketTeller,
    ) -> None:
        self._journal = journal
        self._alerts = alerts
        self._clock = clock
        self._book = Book(control, journal, clock)
        self.following = Following(self._book, alerts, clock, external_url)
        self.tickets = Tickets(self._book, journal, teller, clock, external_url)
        self.runbooks = Runbooks()
        gauge = Gauge("watchkeeper_incidents_open", "Incidents that people deal with.", registry=registry)
        gauge.set_function(lambda: self.open_count)

    async def open(self) -> None:
        """Take up what was kept, and begin to follow alerts. Raises StoreFailure."""
        await self._book.open()
        self.following.start()
        self.tickets.start()

    async def close(self) -> None:
        """Follow alerts no longer."""
        await self.following.close()
        await self.tickets.close()

    def apply(self, rules: Sequence[Rule], runbooks: Runbooks, receivers: Collection[str] = ()) -> None:
        """Live by a configuration from now on; `receivers` are the names of those who may keep tickets."""
        self.runbooks = runbooks
        self.following.apply(rules, runbooks)
        self.tickets.apply(receivers)

    @property
    def open_count(self) -> int:
        """How many are open."""
        return sum(one.is_open for one in self._book.live())

    async def get(self, tenant: str, id: str) -> Incident:
        """The incident of that id. Raises UnknownIncident."""
        return await self._book.get(tenant, id)

    async def found(self, wanted: Filter) -> list[Incident]:
        """What a filter finds, newest first."""
        return await self._book.keeping.found(wanted)

    async def timeline(self, incident: Incident) -> list[Entry]:
        """What has happened, in the order of time."""
        return await timeline(self._journal, incident)

    async def statistics(self, tenant: str, since: int, by: By) -> list[Figures]:
        """The times of the incidents that were opened since an instant (ms)."""
        return statistics(await self.found(Filter(tenant, since=since, limit=_COUNTED)), by)

    async def create(self, draft: Incident, alerts: Sequence[str], by: str, request: str = "") -> Incident:
        """Open an incident like `draft`, about alerts that are held, by their fingerprints.

        Raises InvalidIncident.
        """
        self._check_runbook(draft.runbook)
        found = [self._alert(draft.tenant, one) for one in dict.fromkeys(alerts)]
        async with self._book.changing():
            if (before := await self._book.heard(draft.tenant, request)) is not None:
                return before
            now, number = self._clock.now_ms(), await self._book.next_number(draft.tenant)
            runbook = draft.runbook or self._runbook_of(found)
            opened = replace(
                draft,
                number=number,
                triggered_at=now,
                opened_by=by,
                runbook=runbook,
                alerts=tuple(_linked(alert, now) for alert in found),
            )
            await self._book.keep(changing.opened(opened, now, f"by {by}", by), request=request)
        return opened

    async def change(
        self, tenant: str, id: str, change: Change, by: str, seen: Mapping[str, object] | None = None
    ) -> Incident:
        """Change an incident. Raises UnknownIncident, InvalidIncident and IncidentConflict.

        `seen` is how somebody has seen fields: one that others have changed since is not changed over their heads.
        """
        if change.runbook:
            self._check_runbook(change.runbook)

        def changed(incident: Incident) -> Changed:
            if seen:
                _check_whole(incident)
            check_seen(incident, change, seen or {})
            return changing.changed(incident, change, by, self._clock.now_ms())

        return await self._changed(tenant, id, changed)

    async def note(self, tenant: str, id: str, text: str, by: str, via: str = "", request: str = "") -> Incident:
        """Write a note into the timeline. Raises UnknownIncident. Notes may be written after the end, too."""
        async with self._book.changing():
            if (before := await self._book.heard(tenant, request)) is not None:
                return before
            incident = await self._book.get(tenant, id)
            details = {"via": via} if via else {}
            now = self._clock.now_ms()
            note = changing.entry(incident, Kind.INCIDENT_NOTE, now, text, by, details=details)
            await self._book.keep((incident, (note,)), request=request)
        return incident

    async def tick(self, tenant: str, id: str, number: int, by: str, *, done: bool) -> Incident:
        """Tick a step of the incident's runbook, the first being 1, or take that back.

        Raises UnknownIncident, where there is no such step, too, and IncidentConflict.
        """

        def change(incident: Incident) -> Changed:
            steps = runbook.steps if (runbook := self.runbook_of(incident)) is not None else ()
            if not 1 <= number <= len(steps):
                has = f"has {len(steps)} steps" if incident.runbook else "has no runbook"
                raise UnknownIncident(f"{incident.id} {has}: there is no step {number}")
            return changing.ticked(incident, steps[number - 1].text, number, by, self._clock.now_ms(), done=done)

        return await self._changed(tenant, id, change)

    async def open_ticket(self, tenant: str, id: str, receiver: str, by: str) -> Incident:
        """Have a receiver keep a ticket of the incident; harmless where it does already.

        Raises UnknownIncident, InvalidIncident and IncidentConflict.
        """
        receivers = self.tickets.receivers
        self._check_receiver(receiver)

        def change(incident: Incident) -> Changed:
            ticket = incident.ticket
            if ticket is not None and ticket.receiver == receiver:
                return incident, ()
            if ticket is not None and ticket.receiver in receivers:
                raise IncidentConflict(f"{incident.id} has a ticket by the receiver {ticket.receiver} already")
            if not incident.is_open and not incident.merged_into:
                raise IncidentConflict(f"{incident.id} is resolved: reopen it before it gets a ticket")
            return changing.with_ticket(incident, receiver, by, self._clock.now_ms())

        return await self._changed(tenant, id, change)

    async def merge(self, tenant: str, into: str, other: str, by: str) -> Incident:
        """Make one incident part of another. Raises UnknownIncident and IncidentConflict."""
        async with self._book.changing():
            whole, part = await self._book.get(tenant, into), await self._book.get(tenant, other)
            if part.merged_into == whole.id:
                return whole
            _check_whole(whole)
            _check_whole(part)
            if whole.number == part.number:
                raise IncidentConflict(f"{whole.id} cannot be merged into itself")
            if not whole.is_open and part.is_open:
                raise IncidentConflict(f"{whole.id} is resolved and {part.id} is not: reopen {whole.id} first")
            changes = changing.merged(whole, part, by, self._clock.now_ms())
            await self._book.keep(*changes)
        return changes[0][0]

    async def split(
        self, tenant: str, id: str, alerts: Sequence[str], title: str, by: str, ticket: str = "", request: str = ""
    ) -> Incident:
        """Make an incident of its own of some of the alerts, which is returned.

        `ticket` is the receiver that keeps a ticket of the new one, empty for none: the one of the old stays with that.
        Raises UnknownIncident, InvalidIncident and IncidentConflict.
        """
        if ticket:
            self._check_receiver(ticket)
        async with self._book.changing():
            if (before := await self._book.heard(tenant, request)) is not None:
                return before
            incident = await self._book.get(tenant, id)
            _check_whole(incident)
            missing = [one for one in alerts if incident.alert(one) is None]
            if missing:
                raise InvalidIncident(f'{incident.id} has no alert "{missing[0]}"')
            if len(set(alerts)) == len(incident.alerts):
                raise IncidentConflict(f"these are all alerts of {incident.id}: nothing would be left of it")
            number = await self._book.next_number(tenant)
            now = self._clock.now_ms()
            rest, (new, happened) = changing.split(incident, alerts, number, title, by, now)
            if ticket:
                new, asked = changing.with_ticket(new, ticket, by, now)
                happened = (*happened, *asked)
            await self._book.keep(rest, (new, happened), request=request)
        return new

    def loose_alerts(self, tenant: str) -> list[Alert]:
        """The alerts that fire and belong to no incident that is open."""
        live = [one for one in self._book.live() if one.tenant == tenant and one.is_open]
        taken, now = {alert.fingerprint for one in live for alert in one.alerts}, self._clock.now_ms()
        every = self._alerts.alerts(tenant)
        return [held.alert for held in every if held.fingerprint not in taken and not held.alert.is_resolved(now)]

    async def deployed(self, deployment: Deployment) -> None:
        """Record a deployment; returned when it is kept."""
        self._journal.record(deployment.entry())
        await self._journal.written()

    async def deployments(self, tenant: str, since: int, limit: int) -> list[Entry]:
        """The deployments since an instant (ms), the last recorded first."""
        return await self._journal.find(Search(tenant, (Kind.DEPLOYMENT,), since=since, limit=limit))

    def runbook_of(self, incident: Incident) -> Runbook | None:
        """Its runbook, as the configuration has it now."""
        return self.runbooks.by_name.get(incident.runbook)

    def runbook_of_alert(self, tenant: str, fingerprint: str) -> Runbook | None:
        """The runbook for an alert that is held. Raises UnknownIncident where it is not."""
        try:
            alert = self._alert(tenant, fingerprint)
        except InvalidIncident as failure:
            raise UnknownIncident(str(failure)) from None
        return self.runbooks.of(alert.labels, alert.annotations)

    async def _changed(self, tenant: str, id: str, change: Callable[[Incident], Changed]) -> Incident:
        async with self._book.changing():
            incident = await self._book.get(tenant, id)
            after, entries = change(incident)
            if entries:
                _check_whole(incident)
                await self._book.keep((after, entries))
        return after

    def _alert(self, tenant: str, fingerprint: str) -> Alert:
        found = (held for held in self._alerts.alerts(tenant) if held.fingerprint == fingerprint)
        if (held := next(found, None)) is None:
            raise InvalidIncident(f'there is no alert "{fingerprint}": right is the fingerprint of one that is held')
        return held.alert

    def _runbook_of(self, alerts: Sequence[Alert]) -> str:
        found = (self.runbooks.of(alert.labels, alert.annotations) for alert in alerts)
        return next((runbook.name for runbook in found if runbook is not None), "")

    def _check_receiver(self, name: str) -> None:
        receivers = self.tickets.receivers
        if name not in receivers:
            raise InvalidIncident(f'there is no receiver "{name}"{did_you_mean(name, receivers)}')

    def _check_runbook(self, name: str) -> None:
        if name and name not in self.runbooks.by_name:
            hint = did_you_mean(name, self.runbooks.by_name)
            raise InvalidIncident(f'there is no runbook "{name}"{hint}')


def _check_whole(incident: Incident) -> None:
    if incident.merged_into:
        raise IncidentConflict(f"{incident.id} has become part of {incident.merged_into}: change that one")


def _linked(alert: Alert, now: int) -> LinkedAlert:
    return replace(linked(alert), ends_at=alert.ends_at if alert.is_resolved(now) else None)
