"""An incident's timeline: what the journal knows of it, its alerts, and deployments of its time."""

from __future__ import annotations

from watchkeeper.journal import Entry, Journal, Kind, Search
from watchkeeper.oncall.incident.incident import Incident
from watchkeeper.oncall.incident.ticket import group_key

BEFORE_MS = 3_600_000
"""How long before the beginning deployments are of interest."""
AFTER_MS = 600_000
"""How long after the end alerts' notifications still belong to it."""
LIMIT = 1000
"""How many entries about alerts, tickets or deployments a timeline shows at the most, the newest of them."""
_ABOUT_ALERTS = ("alert", "notification", "acknowledgement", "escalation", "silence")
_AT_ONCE = 500


async def timeline(journal: Journal, incident: Incident) -> list[Entry]:
    """The entries in the order of time; those of the incident itself are all there. Raises StoreFailure."""
    starts = [incident.triggered_at, *(alert.starts_at for alert in incident.alerts)]
    since, until = min(starts), None if incident.resolved_at is None else incident.resolved_at + AFTER_MS
    tenant, found = incident.tenant, list[Entry]()
    for id in (incident.id, *incident.merged):
        found += [entry async for entry in journal.scan(Search(tenant, incident=id))]
    if incident.ticket is not None:
        told = Search(tenant, ("notification",), group_key=group_key(incident, incident.ticket), limit=LIMIT)
        found += await journal.find(told)
    fingerprints = [alert.fingerprint for alert in incident.alerts]
    for i in range(0, len(fingerprints), _AT_ONCE):
        about = tuple(fingerprints[i : i + _AT_ONCE])
        found += await journal.find(Search(tenant, _ABOUT_ALERTS, alerts=about, since=since, until=until, limit=LIMIT))
    deployments = Search(tenant, (Kind.DEPLOYMENT,), since=since - BEFORE_MS, until=until, limit=LIMIT)
    found += [entry for entry in await journal.find(deployments) if _concerns(entry, incident)]
    return sorted({entry.id: entry for entry in found}.values(), key=lambda entry: (entry.at, entry.id))


def _concerns(deployment: Entry, incident: Incident) -> bool:
    """Say whether a deployment is of its service; of an incident without a service every one may be."""
    return not incident.service or deployment.details.get("service") == incident.service
