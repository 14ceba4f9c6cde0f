"""`/incidents`, `/incidents/{id}` and `/runbooks/{name}`: what is wrong and what to do, for a browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.look import STYLE
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.incident_json import steps_json
from watchkeeper.api.watchkeeper.incidents import filter_of
from watchkeeper.base.duration import format_duration
from watchkeeper.base.instant import instant_text
from watchkeeper.journal import Entry, Kind
from watchkeeper.oncall.incident import ROLES, Incident, Incidents, Status, UnknownIncident
from watchkeeper.oncall.incident.changing import alert_text
from watchkeeper.oncall.runbook import html_of, inline_html_of

_OWN_STYLE = """
th { text-align: left; font-weight: 600; padding: .35rem .75rem .35rem 0 }
td.when { white-space: nowrap; width: 1% } td.free { white-space: normal; width: auto }
.tag { border: 1px solid var(--line); border-radius: .3rem; padding: 0 .4rem; font-size: .85em; white-space: nowrap }
.note { border-left: 3px solid var(--line); padding-left: .6rem; white-space: pre-wrap }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); border-radius: .3rem }
ul { padding-left: 1.2rem } h3 { font-size: 1rem; margin: 1rem 0 .2rem }
.steps ul { list-style: none; padding: 0; margin: 0 } .steps li { padding-left: 1.4em; text-indent: -1.4em }
nav { margin-bottom: 1rem } .runbook h1 { font-size: 1.3rem }
@media (max-width: 40rem) { table.stack tr { display: block; padding: .4rem 0; border-top: 1px solid var(--line) }
  table.stack thead { display: none } table.stack td { display: block; border: 0; padding: .1rem 0; width: auto } }
"""


def routes(core: Core, room: Incidents) -> list[BaseRoute]:
    """The pages."""

    async def show(request: Request) -> Response:
        wanted = filter_of(request, core.clock.now_ms())
        return _page("Incidents", _list(await room.found(wanted), _prefix(core), core.clock.now_ms()))

    async def show_one(request: Request) -> Response:
        try:
            incident = await room.get(tenant_of(request), str(request.path_params["id"]))
        except UnknownIncident as failure:
            raise HTTPException(404, str(failure)) from None
        runbook = room.runbook_of(incident)
        parts = [
            _head(incident, _prefix(core), core.clock.now_ms()),
            _steps(incident, steps_json(incident, runbook), runbook.title if runbook else "", _prefix(core)),
            _alerts(incident),
            _timeline(await room.timeline(incident)),
        ]
        return _page(f"{incident.id} {incident.title}", "".join(parts))

    async def runbook(request: Request) -> Response:
        if (found := room.runbooks.by_name.get(str(request.path_params["name"]))) is None:
            raise HTTPException(404, "there is no runbook of that name")
        nav = f'<nav><a href="{_prefix(core)}/incidents">Incidents</a></nav>'
        html = html_of(found.body)
        title = "" if html.startswith("<h1>") else f"<h1>{escape(found.title)}</h1>"
        return _page(found.title, f'{nav}<article class="runbook">{title}{html}</article>')

    return [
        Route("/incidents", show, methods=["GET"]),
        Route("/incidents/{id}", show_one, methods=["GET"]),
        Route("/runbooks/{name}", runbook, methods=["GET"]),
    ]


def _prefix(core: Core) -> str:
    return escape(core.options.route_prefix)


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Watchkeeper</title><style>{STYLE}{_OWN_STYLE}</style></head>
<body><main>{body}</main></body></html>
""",
        # Runbooks and notes are people's text: nothing in them may run, whatever it looks like.
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:"},
    )


def _list(incidents: Sequence[Incident], prefix: str, now: int) -> str:
    rows = "".join(
        f'<tr><td class="when"><a href="{prefix}/incidents/{one.id}">{one.id}</a></td>'
        f'<td class="free">{escape(one.title)}</td><td class="when">{_status(one)}</td>'
        f'<td class="when">{_tag(one.severity)}</td><td class="when">{escape(one.service)}</td>'
        f'<td class="when soft">{_lasted(one, now)}</td></tr>'
        for one in incidents
    )
    head = (
        "<thead><tr><th>Id</th><th>What</th><th>Status</th><th>Severity</th><th>Service</th><th>Lasts</th></tr></thead>"
    )
    table = f'<table class="stack">{head}<tbody>{rows}</tbody></table>' if rows else "<p>There are none.</p>"
    nav = f'<nav><a href="{prefix}/">Watchkeeper</a></nav>'
    only = f'<p><a href="{prefix}/incidents?status=open">open</a> · <a href="{prefix}/incidents">all</a></p>'
    return f"{nav}<h1>Incidents</h1>{only}{table}"


def _head(incident: Incident, prefix: str, now: int) -> str:
    facts = (
        ("Status", _status(incident)),
        ("Severity", _tag(incident.severity)),
        ("Service", escape(incident.service)),
        ("Team", escape(incident.team)),
        ("Assignee", escape(incident.assignee)),
        *((role.capitalize(), escape(getattr(incident, role))) for role in ROLES),
        ("Opened", f"{instant_text(incident.triggered_at)} {_opener(incident)}"),
        ("Acknowledged", _instant(incident.acknowledged_at)),
        ("Mitigated", _instant(incident.mitigated_at)),
        ("Resolved", _instant(incident.resolved_at)),
        ("Lasts", _lasted(incident, now)),
        ("Part of", _incident_link(incident.merged_into, prefix)),
        ("Includes", ", ".join(_incident_link(id, prefix) for id in incident.merged)),
        ("Links", ", ".join(_link(link.url, link.title or link.url) for link in incident.links)),
    )
    rows = "".join(f'<tr><td>{name}</td><td class="free">{text}</td></tr>' for name, text in facts if text)
    post = f"{prefix}/api/watchkeeper/v1/incidents/{incident.id}/postmortem"
    texts = "".join(
        f'<h2>{name}</h2><p class="note">{escape(text)}</p>'
        for name, text in (("Summary", incident.summary), ("Impact", incident.impact))
        if text
    )
    return (
        f'<nav><a href="{prefix}/incidents">Incidents</a></nav><h1>{incident.id}: {escape(incident.title)}</h1>'
        f'<table>{rows}</table><p><a href="{post}">Post-mortem document</a></p>{texts}'
    )


def _steps(incident: Incident, steps: Iterable[dict[str, object]], title: str, prefix: str) -> str:
    if not title:
        return ""
    sections = groupby(steps, lambda step: str(step["section"]))
    lists = "".join(
        f"{f'<h3>{inline_html_of(section)}</h3>' if section else ''}<ul>{''.join(map(_step, within))}</ul>"
        for section, within in sections
    )
    link = f'<a href="{prefix}/runbooks/{escape(incident.runbook)}">{escape(title)}</a>'
    return f'<h2>Runbook: {link}</h2><div class="steps">{lists}</div>'


def _step(step: dict[str, object]) -> str:
    by = f' <span class="soft">{escape(str(step["by"]))}</span>' if step["done"] else ""
    return f"<li>{'☑' if step['done'] else '☐'} {inline_html_of(str(step['text']))}{by}</li>"


def _alerts(incident: Incident) -> str:
    rows = "".join(
        f'<tr><td class="free"><code>{escape(alert_text(alert.labels))}</code></td>'
        f'<td class="when {"bad" if alert.fires else "good"}">{"fires" if alert.fires else "ended"}</td></tr>'
        for alert in incident.alerts
    )
    return f'<h2>Alerts</h2><table class="stack">{rows}</table>' if rows else ""


def _timeline(entries: Sequence[Entry]) -> str:
    rows = "".join(
        f'<tr><td class="when soft">{instant_text(entry.at)}</td><td class="free">{_what(entry)}</td></tr>'
        for entry in entries
    )
    return f'<h2>Timeline</h2><table class="stack">{rows}</table>'


def _what(entry: Entry) -> str:
    if entry.kind is Kind.INCIDENT_NOTE:
        return f'<b>{escape(entry.actor)}</b><div class="note">{escape(entry.text)}</div>'
    return escape(entry.text)


def _status(incident: Incident) -> str:
    good = incident.status in (Status.RESOLVED, Status.MITIGATED)
    return f'<span class="{"good" if good else "bad"}">{incident.status.value}</span>'


def _opener(incident: Incident) -> str:
    rule = f"by the rule {incident.groups[0].rule}" if incident.groups else ""
    return f'<span class="soft">{escape(f"by {incident.opened_by}" if incident.opened_by else rule)}</span>'


def _tag(text: str) -> str:
    return f'<span class="tag">{escape(text)}</span>' if text else ""


def _lasted(incident: Incident, now: int) -> str:
    lasted = (incident.resolved_at or now) - incident.triggered_at
    return format_duration(max(lasted, 0) // 1000 * 1000)


def _instant(ms: int | None) -> str:
    return "" if ms is None else instant_text(ms)


def _incident_link(id: str, prefix: str) -> str:
    return f'<a href="{prefix}/incidents/{escape(id)}">{escape(id)}</a>' if id else ""


def _link(url: str, title: str) -> str:
    return f'<a href="{escape(url)}" rel="noreferrer">{escape(title)}</a>'
