"""What is told of an incident to the receiver that keeps a ticket of it."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.base.instant import instant_text
from watchkeeper.journal import Entry, Kind
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.oncall.incident.incident import Incident, Ticket

PATIENCE_MS = 60_000
"""How long notification tries by itself."""
REMEMBERED_MS = 60 * 3_600_000
"""What the notification log is told to be the interval between notifications: it keeps entries for twice as long."""
DETAIL = "ticket"
"""What entries have among their details that are about the ticket itself: they are no news for it."""
NEWS = 5
"""How many lines of the timeline are told, the newest of them."""


def group_key(incident: Incident, ticket: Ticket) -> str:
    """What notification calls it: numbers begin again with a new database, times do not."""
    tenant = "" if incident.tenant == DEFAULT_TENANT else f"{incident.tenant}/"
    return f"incident/{tenant}{incident.id}/{ticket.since}"


def is_news(entry: Entry) -> bool:
    """Say whether a ticket is to be told of an entry of the incident's."""
    return DETAIL not in entry.details


def ticket_flush(incident: Incident, ticket: Ticket, news: Sequence[Entry], external_url: str, at: int) -> Flush:
    """The incident as it is at the instant `at`, as one alert that fires until it is resolved.

    `news`, newest first and at least one, are what it has to say; others make it another version.
    """
    url = f"{external_url}/incidents/{incident.id}"
    group = {"alertname": incident.title, "incident": incident.id}
    labels = {**group, "severity": incident.severity, "service": incident.service, "team": incident.team}
    ends_at = at + REMEMBERED_MS if incident.is_open else min(incident.resolved_at or at, at)
    annotations = {"summary": _summary(incident), "description": _description(incident, news, url)}
    return Flush(
        receiver=ticket.receiver,
        group_key=group_key(incident, ticket),
        group_labels=Labels(group),
        alerts=(
            Alert(
                Labels({name: value for name, value in labels.items() if value}),
                Labels(annotations),
                incident.triggered_at,
                ends_at,
                url,
                incident.tenant,
            ),
        ),
        repeat_interval_ms=REMEMBERED_MS,
        at=at,
        deadline=at + PATIENCE_MS,
        tenant=incident.tenant,
        # Nothing is repeated that has not changed, and the log remembers it as long as it is looked at.
        acknowledged=True,
        # Not the newest alone: where a clock was set back, what is new is not the newest.
        version=" ".join(entry.id for entry in news),
    )


def _summary(incident: Incident) -> str:
    if incident.merged_into:
        return f"{incident.id} was merged into {incident.merged_into}"
    held = f", assigned to {incident.assignee}" if incident.assignee else ""
    return f"{incident.id} is {incident.status.value}{held}"


def _description(incident: Incident, news: Sequence[Entry], url: str) -> str:
    lines = [f"{instant_text(entry.at)}: {_sentence(entry)}" for entry in reversed(news[:NEWS])]
    return "\n".join([*filter(None, (incident.summary, incident.impact)), *lines, url])


def _sentence(entry: Entry) -> str:
    """A note is what its author wrote, the others say themselves who did it."""
    return f"{entry.actor}: {entry.text}" if entry.kind is Kind.INCIDENT_NOTE and entry.actor else entry.text
