"""What has happened in an incident, the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from watchkeeper.api.incident_pages.pager import Pager
from watchkeeper.api.incident_pages.visit import Visit
from watchkeeper.api.page import bdi, time_text
from watchkeeper.journal import Entry, Kind

TIMELINE = "timeline"
AT_ONCE = 50
_LONGEST = 1500
"""Longer texts are folded after so many characters."""


def timeline_part(visit: Visit, entries: Sequence[Entry], note: str) -> str:
    """The timeline below the form for a note."""
    pager = Pager.asked(visit.request, TIMELINE, AT_ONCE)
    newest_first = entries[::-1]
    rows = "".join(_row(entry, visit) for entry in pager.of(newest_first))
    head = '<thead><tr><th scope="col">When</th><th scope="col">What</th></tr></thead>'
    table = f'<table class="stack"><caption>The newest first</caption>{head}<tbody>{rows}</tbody></table>'
    links = pager.links(visit.request, len(entries), "Later", "Earlier")
    shown = f"{table}{links}" if rows else '<p class="soft">Nothing has happened yet.</p>'
    return visit.section(TIMELINE, "Timeline", f"{note}{shown}")


def _row(entry: Entry, visit: Visit) -> str:
    at = time_text(entry.at, visit.zone)
    if entry.kind is Kind.INCIDENT_NOTE:
        what = f'<b>{bdi(entry.actor)}</b><div class="note" dir="auto">{_folded(entry.text)}</div>'
    else:
        what = f'<span dir="auto">{_folded(entry.text)}</span>'
    return f'<tr><td class="when soft">{at}</td><td>{what}</td></tr>'


def _folded(text: str) -> str:
    if len(text) <= _LONGEST:
        return escape(text)
    return f"{escape(text[:_LONGEST])}…<details><summary>The rest of it</summary>…{escape(text[_LONGEST:])}</details>"
