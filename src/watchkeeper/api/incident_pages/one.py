"""The page of one incident: how it stands, what is to be done, what has happened, and the forms that change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

from starlette.responses import Response

from watchkeeper.api.incident_pages.alerts import ALERTS, alerts_part
from watchkeeper.api.incident_pages.changing import changes_part
from watchkeeper.api.incident_pages.facts import lasted, status_html, tag, when
from watchkeeper.api.incident_pages.timeline import timeline_part
from watchkeeper.api.incident_pages.visit import Visit, button, seen, suggestions, text_area
from watchkeeper.api.page import bdi, heading, page, wrong_text
from watchkeeper.api.watchkeeper.incident_json import steps_json
from watchkeeper.journal import Entry
from watchkeeper.oncall.incident import ROLES, Incident, Status
from watchkeeper.oncall.runbook import Runbook, inline_html_of

PARTS = frozenset({"status", "runbook", "timeline", ALERTS, "people", "facts", "ticket", "merge"})
"""The parts of the page that have forms."""

_NEXT: Mapping[Status, tuple[tuple[Status, str], ...]] = {
    Status.TRIGGERED: (
        (Status.ACKNOWLEDGED, "Acknowledge"),
        (Status.MITIGATED, "Mitigated"),
        (Status.RESOLVED, "Resolve"),
    ),
    Status.ACKNOWLEDGED: ((Status.MITIGATED, "Mitigated"), (Status.RESOLVED, "Resolve")),
    Status.MITIGATED: ((Status.RESOLVED, "Resolve"), (Status.ACKNOWLEDGED, "Not mitigated after all")),
    Status.RESOLVED: ((Status.TRIGGERED, "Open it again"),),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page shows. The choices are values by what they are called."""

    incident: Incident
    runbook: Runbook | None
    entries: Sequence[Entry]
    now: int
    people: Mapping[str, str] = field(default_factory=dict[str, str])
    severities: Mapping[str, str] = field(default_factory=dict[str, str])
    runbooks: Mapping[str, str] = field(default_factory=dict[str, str])
    receivers: Mapping[str, str] = field(default_factory=dict[str, str])
    others: Mapping[str, str] = field(default_factory=dict[str, str])


def incident_page(visit: Visit, shown: Shown) -> Response:
    """The page; a form that has come back stands there as it was sent, with its reason."""
    one, path = shown.incident, f"/incidents/{shown.incident.id}"
    title = f"{one.id}: {one.title}"
    lists = (
        suggestions("known-people", shown.people)
        + suggestions("known-severities", shown.severities)
        + suggestions("known-incidents", shown.others)
    )
    parts = (
        _status(visit, one, path, shown.now),
        _facts(visit, one),
        _texts(one),
        _steps(visit, one, shown.runbook, path),
        timeline_part(visit, shown.entries, _note(visit, path)),
        alerts_part(visit, one, path, shown.receivers),
        "" if one.merged_into else changes_part(visit, shown, path),
        _document(visit, one),
        lists,
    )
    status = visit.typed.status if visit.typed is not None else 200
    above = ((f"{visit.prefix}/", "Watchkeeper"), (f"{visit.prefix}/incidents", "Incidents"))
    body = "".join(parts)
    return page(title, f"{heading(title)}{_elsewhere(visit, body)}{body}", status, above=above)


def _elsewhere(visit: Visit, body: str) -> str:
    """Why a form could not be taken that the page has not any more."""
    typed = visit.typed
    return wrong_text(typed.wrong) if typed is not None and f' id="{typed.part}"' not in body else ""


def _status(visit: Visit, one: Incident, path: str, now: int) -> str:
    said = f"{status_html(one)} {tag(one.severity)} <span>lasts {lasted(one, now)}</span>"
    if not one.is_open:
        said = f"{status_html(one)} {tag(one.severity)} <span>lasted {lasted(one, now)}</span>"
    state = f'<p class="row">{said}</p>'
    if one.merged_into:
        moved = f'<p class="said">It has become part of {_link(visit, one.merged_into)}, and is changed there.</p>'
        return f'<section id="status">{state}{moved}{visit.message("status")}</section>'
    buttons = [
        button(f"status:{status.value}", text, first=i == 0 and one.is_open)
        for i, (status, text) in enumerate(_NEXT[one.status])
    ]
    if one.is_open and (not visit.user or one.assignee != visit.user):
        buttons.append(button("take:assignee", "Take it over" if one.assignee else "I take it"))
    kept = seen("status", one.status.value) + seen("assignee", one.assignee)
    form = visit.form(path, "status", f'{kept}<div class="row">{"".join(buttons)}</div>', several=True)
    return f'<section id="status" aria-label="Status">{state}{visit.message("status")}{form}</section>'


def _facts(visit: Visit, one: Incident) -> str:
    links = "<br>".join(
        f'<a class="tap" href="{escape(link.url)}" rel="noreferrer">{bdi(link.title or link.url)}</a>'
        + (f' <span class="soft">{escape(link.url)}</span>' if link.title else "")
        for link in one.links
    )
    includes = " ".join(
        f'<a class="tap" href="{visit.prefix}/incidents/{escape(id)}">{escape(id)}</a>' for id in one.merged
    )
    facts = (
        ("Service", bdi(one.service) if one.service else ""),
        ("Team", bdi(one.team) if one.team else ""),
        ("Assignee", bdi(one.assignee) if one.assignee else '<span class="soft">nobody</span>'),
        *((role.capitalize(), bdi(who) if (who := getattr(one, role)) else "") for role in ROLES),
        ("Opened", f"{when(one.triggered_at, visit)} {_opener(one)}"),
        ("Acknowledged", when(one.acknowledged_at, visit)),
        ("Mitigated", when(one.mitigated_at, visit)),
        ("Resolved", when(one.resolved_at, visit)),
        ("Ticket", f"by the receiver {bdi(one.ticket.receiver)}" if one.ticket is not None else ""),
        ("Includes", includes),
        ("Links", links),
    )
    rows = "".join(f'<tr><th scope="row" class="when">{name}</th><td>{text}</td></tr>' for name, text in facts if text)
    return f'<table aria-label="Facts"><tbody>{rows}</tbody></table>'


def _link(visit: Visit, id: str) -> str:
    return f'<a class="tap" href="{visit.prefix}/incidents/{escape(id)}">{escape(id)}</a>'


def _opener(one: Incident) -> str:
    by = one.opened_by or (f"the rule {one.groups[0].rule}" if one.groups else "")
    return f'<span class="soft">by {bdi(by)}</span>' if by else ""


def _texts(one: Incident) -> str:
    texts = (("Summary", one.summary), ("Impact", one.impact))
    return "".join(
        f'<section><h2>{name}</h2><p class="note" dir="auto">{escape(text)}</p></section>'
        for name, text in texts
        if text
    )


def _steps(visit: Visit, one: Incident, runbook: Runbook | None, path: str) -> str:
    if runbook is None:
        return ""
    link = f'<a href="{visit.prefix}/runbooks/{escape(one.runbook)}">{bdi(runbook.title)}</a>'
    sections = groupby(steps_json(one, runbook), lambda step: str(step["section"]))
    lists = "".join(
        f"{f'<h3>{inline_html_of(section)}</h3>' if section else ''}"
        f"<table><tbody>{''.join(_step(step, changes=not one.merged_into) for step in steps)}</tbody></table>"
        for section, steps in sections
    )
    if not lists:
        return visit.section("runbook", f"Runbook: {link}", '<p class="soft">It has no steps to tick.</p>')
    body = lists if one.merged_into else visit.form(path, "runbook", f"<div>{lists}</div>", narrow=False, several=True)
    return visit.section("runbook", f"Runbook: {link}", body)


def _step(step: Mapping[str, object], *, changes: bool) -> str:
    number, done = step["number"], bool(step["done"])
    by = f'<br><span class="soft">done by {bdi(str(step["by"]))}</span>' if done else ""
    text = f"{'☑' if done else '☐'} {inline_html_of(str(step['text']))}{by}"
    do, label = (f"untick:{number}", "Not done") if done else (f"tick:{number}", "Done")
    press = f'<button name="do" value="{do}" aria-label="{label}: step {number}">{label}</button>' if changes else ""
    return f'<tr><td dir="auto">{text}</td><td class="when">{press}</td></tr>'


def _note(visit: Visit, path: str) -> str:
    area = text_area("A note for the timeline", "text", visit.value("timeline", "text"), required=True)
    return visit.form(path, "timeline", f"{area}{button('note', 'Add the note')}")


def _document(visit: Visit, one: Incident) -> str:
    url = f"{visit.prefix}/api/watchkeeper/v1/incidents/{one.id}/postmortem"
    link = f'<a class="tap" href="{url}" download="{one.id}.md">Download the post-mortem document (Markdown)</a>'
    return f"<section><h2>Post-mortem</h2><p>{link}</p></section>"
