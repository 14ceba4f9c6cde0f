"""The page on which somebody opens an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from starlette.responses import Response

from watchkeeper.api.alert_rows import alert_html, folded
from watchkeeper.api.incident_pages.acting import request_name
from watchkeeper.api.incident_pages.visit import (
    Fields,
    Visit,
    button,
    choice,
    suggestions,
    text_area,
    text_field,
)
from watchkeeper.api.page import heading, page
from watchkeeper.api.watchkeeper.incident_bodies import PostedIncident
from watchkeeper.model.alert import Alert
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.oncall.incident import Incident, Incidents

PART, PATH = "open", "/incidents/new"
MOST = 100
"""How many alerts are offered at the most, the newest of them."""
_FIELDS = ("title", "severity", "service", "team", "assignee", "runbook", "summary")
_SUGGESTED = {"severity": "known-severities", "assignee": "known-people"}


def opening_page(
    visit: Visit, alerts: Sequence[Alert], lists: Mapping[str, Mapping[str, str]], runbooks: Mapping[str, str]
) -> Response:
    """The form; `alerts` are those that may belong to it, `lists` what is suggested, by the list's id."""
    lines = [
        text_field(
            name.capitalize() if name != "title" else "What is wrong?",
            name,
            visit.value(PART, name),
            options=_SUGGESTED.get(name, ""),
            required=name == "title",
        )
        for name in _FIELDS[:5]
    ]
    runbook = choice("Runbook", "runbook", {"": "none, or its alerts'", **runbooks}, visit.value(PART, "runbook"))
    summary = text_area("Summary", "summary", visit.value(PART, "summary"))
    fields = f"{''.join(lines)}{runbook}{summary}{_offered(visit, alerts)}"
    form = visit.form(PATH, PART, f"{fields}{button('open', 'Open the incident', first=True)}")
    shown = "".join(suggestions(id, values) for id, values in lists.items())
    title = "Open an incident"
    body = f'<section id="{PART}">{heading(title)}{visit.message(PART)}{form}</section>{shown}'
    above = ((f"{visit.prefix}/", "Watchkeeper"), (f"{visit.prefix}/incidents", "Incidents"))
    return page(title, body, visit.typed.status if visit.typed is not None else 200, above=above)


async def open_incident(room: Incidents, tenant: str, fields: Fields, by: str) -> Incident:
    """Open what the form says; the same form sent twice opens one.

    Raises ApiFailure, InvalidIncident and StoreFailure.
    """
    posted = PostedIncident.of({name: fields.get(name, "").replace("\r\n", "\n") for name in _FIELDS})
    draft, alerts = posted.draft(tenant), fields.getlist("alerts")
    return await room.create(draft, alerts, by, request_name((*fields.multi_items(), ("by", by))))


def _offered(visit: Visit, alerts: Sequence[Alert]) -> str:
    if not alerts:
        return ""
    ticked = visit.chosen(PART, "alerts")
    newest = sorted(alerts, key=lambda alert: -alert.starts_at)
    rows = [_row(alert, ticked) for alert in newest[:MOST]]
    opened = " open" if ticked else ""
    table = folded(("Alert",), rows, len(newest) - MOST)
    return f"<details{opened}><summary>Alerts that fire and belong to none ({len(newest)})</summary>{table}</details>"


def _row(alert: Alert, ticked: frozenset[str]) -> str:
    number = fingerprint(alert.labels)
    checked = " checked" if number in ticked else ""
    box = f'<input type="checkbox" name="alerts" value="{escape(number)}"{checked}>'
    summary = alert.annotations.get("summary", "")
    return f'<tr><td><label class="pick">{box}<span>{alert_html(alert.labels, {}, summary)}</span></label></td></tr>'
