"""The page of all incidents, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.api.incident_pages.facts import lasted, status_html, tag
from watchkeeper.api.page import bdi, heading, page
from watchkeeper.oncall.incident import Incident, Status

AT_ONCE = 50
_WORDS = ("severity", "service", "team", "assignee")


def list_page(request: Request, prefix: str, incidents: Sequence[Incident], now: int) -> Response:
    """A page of them; `incidents` may be one more than the page has, and then there are older ones."""
    rows = "".join(_row(one, prefix, now) for one in incidents[:AT_ONCE])
    columns = ("What", "Status", "Severity", "Service", "Assignee", "Lasts")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    table = f'<table class="stack"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    older = ""
    if len(incidents) > AT_ONCE:
        kept = [(n, v) for n, v in request.query_params.multi_items() if n not in ("before", "limit") and v]
        query = urlencode([*kept, ("before", incidents[AT_ONCE - 1].id)])
        older = f'<nav aria-label="Pages"><a href="?{escape(query)}">Older ones</a></nav>'
    create = f'<p><a class="tap" href="{prefix}/incidents/new">Open an incident</a></p>'
    shown = f"{table}{older}" if rows else "<p>There are none.</p>"
    body = f"{heading('Incidents')}{create}{_filter(request, prefix)}{shown}"
    return page("Incidents", body, above=((f"{prefix}/", "Watchkeeper"),))


def _row(one: Incident, prefix: str, now: int) -> str:
    ticket = f'<a href="{prefix}/incidents/{one.id}">{one.id}: {bdi(one.title)}</a>'
    who = bdi(one.assignee) if one.assignee else ""
    cells = (status_html(one), tag(one.severity), bdi(one.service) if one.service else "", who, lasted(one, now))
    return f"<tr><td>{ticket}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _filter(request: Request, prefix: str) -> str:
    asked = request.query_params
    chosen = asked.get("status", "")
    options = {"": "all", "open": "all that are open", **{status.value: status.value for status in Status}}
    shown = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{text}</option>'
        for value, text in options.items()
    )
    words = "".join(
        f'<label>{name.capitalize()} <input type="search" name="{name}" dir="auto" '
        f'value="{escape(asked.get(name, ""))}"></label>'
        for name in _WORDS
    )
    fields = f'<div class="row"><label>Status <select name="status">{shown}</select></label>{words}</div>'
    opened = " open" if any(asked.get(name) for name in _WORDS) else ""
    some = (("?status=open", "open"), ("", "all"))
    links = " · ".join(f'<a class="tap" href="{prefix}/incidents{query}">{text}</a>' for query, text in some)
    form = f'<form method="get" action="{prefix}/incidents">{fields}<div><button>Show</button></div></form>'
    return f"<p>{links}</p><details{opened}><summary>Look for some of them</summary>{form}</details>"
