"""How an incident changes, as functions from one value to the next, and what the journal is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from watchkeeper.alerts import history
from watchkeeper.journal import Entry, Kind
from watchkeeper.model.labels import Labels
from watchkeeper.oncall.incident.incident import (
    ROLES,
    ActionItem,
    Incident,
    Link,
    LinkedAlert,
    Status,
    Tick,
    Ticket,
)
from watchkeeper.oncall.incident.ticket import DETAIL

Changed: TypeAlias = tuple[Incident, tuple[Entry, ...]]
"""What an incident has become, and what has happened; nothing where that is empty."""
_DONE = {
    Status.TRIGGERED: "put back to triggered",
    Status.ACKNOWLEDGED: "acknowledged",
    Status.MITIGATED: "mitigated",
    Status.RESOLVED: "resolved",
}
_NAMES = {"action_items": "action items"}
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants to be different; None leaves a field as it is."""

    status: Status | None = None
    title: str | None = None
    severity: str | None = None
    service: str | None = None
    team: str | None = None
    assignee: str | None = None
    commander: str | None = None
    communications: str | None = None
    scribe: str | None = None
    summary: str | None = None
    impact: str | None = None
    runbook: str | None = None
    automatic: bool | None = None
    labels: Mapping[str, str] | None = None
    links: tuple[Link, ...] | None = None
    action_items: tuple[ActionItem, ...] | None = None


_FIELDS = tuple(name for name in Change.__slots__ if name != "status")


def changed(incident: Incident, change: Change, by: str, now: int) -> Changed:
    """What a person makes of an incident; what is already so says nothing."""
    entries: list[Entry] = []
    for name in _FIELDS:
        before, after = getattr(incident, name), getattr(change, name)
        if after is not None and after != before:
            incident = replace(incident, **{name: after})
            entries.append(_field_entry(incident, name, before, after, by, now))
    if change.status is not None:
        incident, happened = with_status(incident, change.status, by, now)
        entries.extend(happened)
    return incident, tuple(entries)


def with_status(incident: Incident, status: Status, by: str, now: int) -> Changed:
    """A person says how far they have got."""
    if status is incident.status:
        return incident, ()
    reopens = not incident.is_open
    done = "reopened" if reopens and status is Status.TRIGGERED else _DONE[status]
    kind = Kind.INCIDENT_RESOLVED if status is Status.RESOLVED else Kind.INCIDENT_CHANGED
    details = {"field": "status", "before": incident.status.value, "after": status.value}
    taken_up = incident.acknowledged_at if incident.acknowledged_at is not None or status is Status.TRIGGERED else now
    after = replace(
        incident,
        status=status,
        acknowledged_at=taken_up,
        mitigated_at=now if status is Status.MITIGATED else incident.mitigated_at,
        resolved_at=now if status is Status.RESOLVED else None,
    )
    return after, (entry(after, kind, now, f"{by} {done} {incident.id}", by, details=details),)


def opened(incident: Incident, now: int, why: str, by: str = "") -> Changed:
    """An incident as it begins; `why` completes a sentence."""
    text = f'{incident.id} "{incident.title}" was opened {why}'
    details = {"severity": incident.severity, "service": incident.service, "title": incident.title}
    fingerprints = [alert.fingerprint for alert in incident.alerts]
    return incident, (entry(incident, Kind.INCIDENT_OPENED, now, text, by, fingerprints, details),)


def joined(incident: Incident, alerts: Sequence[LinkedAlert], now: int) -> Changed:
    """Alerts that fire become part of it, or fire again; one that was resolved is open again."""
    fresh = {alert.fingerprint: alert for alert in alerts}
    kept = [alert for alert in incident.alerts if alert.fingerprint not in fresh]
    reopens = not incident.is_open
    after = replace(incident, alerts=(*kept, *alerts))
    named = _listed([alert_text(alert.labels) for alert in alerts])
    text = f"{named} joined {incident.id}"
    if reopens:
        after = replace(after, status=Status.TRIGGERED, resolved_at=None)
        text = f"{incident.id} is open again: {named} {'fires' if len(alerts) == 1 else 'fire'} again"
    return after, (entry(after, Kind.INCIDENT_CHANGED, now, text, "", list(fresh)),)


def ended(incident: Incident, ends: Mapping[str, int], now: int) -> Changed:
    """Alerts have ended, by their fingerprints, at these instants; with the last of them it may be resolved."""
    alerts = tuple(replace(alert, ends_at=ends.get(alert.fingerprint, alert.ends_at)) for alert in incident.alerts)
    after = replace(incident, alerts=alerts)
    if after.fires or not after.is_open or not after.automatic:
        return after, ()
    after = replace(after, status=Status.RESOLVED, resolved_at=now)
    text = f"{incident.id} is resolved: all its alerts have ended"
    return after, (entry(after, Kind.INCIDENT_RESOLVED, now, text, "", list(ends)),)


def ticked(incident: Incident, step: str, number: int, by: str, now: int, *, done: bool) -> Changed:
    """Somebody has done a step of its runbook, or says that it is not done after all."""
    others = tuple(tick for tick in incident.ticks if tick.step != step)
    if (len(others) < len(incident.ticks)) is done:
        return incident, ()
    after = replace(incident, ticks=(*others, Tick(step, by, now)) if done else others)
    what = "did" if done else "took back"
    text = f'{by} {what} step {number} of the runbook {incident.runbook}: "{step}"'
    return after, (entry(after, Kind.INCIDENT_CHANGED, now, text, by, details={"step": number, "done": done}),)


def with_ticket(incident: Incident, receiver: str, by: str, now: int) -> Changed:
    """Somebody wants a ticket of it; where it had one by another receiver, this one goes on with that if it can."""
    text = f"{by} asked for a ticket of {incident.id} by the receiver {receiver}"
    since = now if incident.ticket is None else incident.ticket.since
    after = replace(incident, ticket=Ticket(receiver, since))
    return after, (entry(after, Kind.INCIDENT_CHANGED, now, text, by, details={DETAIL: receiver}),)


def linked_ticket(incident: Incident, addresses: Sequence[str], now: int) -> Changed:
    """Its tickets are at these addresses, which become links where they are not yet."""
    known = {link.url for link in incident.links}
    fresh = [address for address in dict.fromkeys(addresses) if address not in known]
    after = replace(incident, links=(*incident.links, *(Link(address, "ticket") for address in fresh)))
    return after, tuple(
        entry(after, Kind.INCIDENT_CHANGED, now, f"the ticket of {incident.id} is {address}", details={DETAIL: address})
        for address in fresh
    )


def merged(into: Incident, other: Incident, by: str, now: int) -> tuple[Changed, Changed]:
    """One becomes part of another: its alerts move, and it points to where they are."""
    alerts = {alert.fingerprint: alert for alert in (*other.alerts, *into.alerts)}
    for alert in other.alerts:
        if alert.fires:
            alerts[alert.fingerprint] = alert
    whole = replace(
        into,
        alerts=tuple(alerts.values()),
        groups=(*into.groups, *(group for group in other.groups if group not in into.groups)),
        links=tuple(dict.fromkeys((*into.links, *other.links))),
        action_items=(*into.action_items, *other.action_items),
        merged=(*into.merged, other.id, *other.merged),
        runbook=into.runbook or other.runbook,
        ticks=tuple({tick.step: tick for tick in (*other.ticks, *into.ticks)}.values()),
        triggered_at=min(into.triggered_at, other.triggered_at),
    )
    resolved_at = now if other.resolved_at is None else other.resolved_at
    part = replace(
        other, status=Status.RESOLVED, resolved_at=resolved_at, merged_into=into.id, merged=(), alerts=(), groups=()
    )
    text = f'{by} merged {other.id} "{other.title}" into {into.id}'
    details = {"merged": other.id, "into": into.id}
    return (
        (whole, (entry(whole, Kind.INCIDENT_CHANGED, now, text, by, details=details),)),
        (part, (entry(part, Kind.INCIDENT_RESOLVED, now, text, by, details=details),)),
    )


def split(
    incident: Incident, fingerprints: Sequence[str], number: int, title: str, by: str, now: int
) -> tuple[Changed, Changed]:
    """Some of its alerts become an incident of their own, of the same service, severity and team."""
    chosen = frozenset(fingerprints)
    out = tuple(alert for alert in incident.alerts if alert.fingerprint in chosen)
    rest = replace(incident, alerts=tuple(alert for alert in incident.alerts if alert.fingerprint not in chosen))
    new = Incident(
        number=number,
        title=title or alert_text(out[0].labels),
        triggered_at=incident.triggered_at,
        tenant=incident.tenant,
        severity=incident.severity,
        service=incident.service,
        team=incident.team,
        runbook=incident.runbook,
        opened_by=by,
        automatic=incident.automatic,
        alerts=out,
    )
    text = f"{by} took {_listed([alert_text(alert.labels) for alert in out])} out of {incident.id}, into {new.id}"
    details = {"from": incident.id, "into": new.id}
    about = [alert.fingerprint for alert in out]
    return (
        (rest, (entry(rest, Kind.INCIDENT_CHANGED, now, text, by, about, details),)),
        (new, (entry(new, Kind.INCIDENT_OPENED, now, text, by, about, details),)),
    )


def entry(
    incident: Incident,
    kind: Kind,
    now: int,
    text: str,
    by: str = "",
    alerts: Sequence[str] = (),
    details: Mapping[str, object] | None = None,
) -> Entry:
    """What the journal is told of it."""
    about = tuple(alerts)
    return Entry(kind, now, text, incident.tenant, by, about, incident=incident.id, details=details or {})


def alert_text(labels: Mapping[str, str]) -> str:
    """An alert as a sentence names it: `Down{instance="a"}`."""
    return history.alert_text(Labels(labels))


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _field_entry(incident: Incident, name: str, before: object, after: object, by: str, now: int) -> Entry:
    kind = Kind.ASSIGNED if name in ROLES or name == "assignee" else Kind.INCIDENT_CHANGED
    label = _NAMES.get(name, name)
    if name == "automatic":
        text = f"{by} said that {incident.id} is {'' if after else 'not '}resolved once all its alerts have ended"
        return entry(incident, kind, now, text, by, details={"field": name, "after": after})
    if not isinstance(before, str) or not isinstance(after, str):
        return entry(incident, kind, now, f"{by} changed the {label} of {incident.id}", by, details={"field": name})
    if name in ("summary", "impact"):
        text = f"{by} wrote the {label} of {incident.id}"
    elif not after:
        text = f'{by} took the {label} "{before}" from {incident.id}'
    else:
        was = f', which was "{before}"' if before else ""
        text = f'{by} made "{after}" the {label} of {incident.id}{was}'
    return entry(incident, kind, now, text, by, details={"field": name, "before": before, "after": after})
