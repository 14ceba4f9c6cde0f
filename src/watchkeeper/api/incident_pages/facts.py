"""Short facts about incidents, as HTML."""

from __future__ import annotations

from html import escape

from watchkeeper.api.incident_pages.visit import Visit
from watchkeeper.api.page import bdi, time_text
from watchkeeper.base.duration import format_duration
from watchkeeper.oncall.incident import Incident, Status


def status_html(incident: Incident) -> str:
    """Its status in words, and in a colour."""
    good = incident.status in (Status.RESOLVED, Status.MITIGATED)
    return f'<b class="{"good" if good else "bad"}">{incident.status.value}</b>'


def tag(text: str) -> str:
    """A word in a frame; nothing for none."""
    return f'<span class="tag">{bdi(text)}</span>' if text else ""


def lasted(incident: Incident, now: int) -> str:
    """How long it has lasted, or lasts already."""
    span = (incident.resolved_at or now) - incident.triggered_at
    return escape(format_duration(max(span, 0) // 1000 * 1000))


def when(ms: int | None, visit: Visit) -> str:
    """An instant, in the zone of the pages; nothing where there is none."""
    return "" if ms is None else time_text(ms, visit.zone)
