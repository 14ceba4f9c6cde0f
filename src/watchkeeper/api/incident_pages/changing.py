"""The forms by which people, facts, tickets and other incidents are changed, folded until somebody needs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from watchkeeper.api.incident_pages.visit import Visit, button, choice, seen, text_area, text_field
from watchkeeper.api.page import bdi
from watchkeeper.oncall.incident import ROLES, Incident

PEOPLE = ("assignee", *ROLES)
LINES = ("title", "severity", "service", "team")
TEXTS = ("summary", "impact")
AUTOMATIC = {"yes": "resolved once all its alerts have ended", "no": "resolved by people only"}


class Choices(Protocol):
    """The incident, and what may be chosen for it."""

    @property
    def incident(self) -> Incident:
        """The incident."""
        ...

    @property
    def runbooks(self) -> Mapping[str, str]:
        """Runbooks, and what they are called."""
        ...

    @property
    def receivers(self) -> Mapping[str, str]:
        """Those who may keep a ticket."""
        ...


def changes_part(visit: Visit, shown: Choices, path: str) -> str:
    """All of them."""
    folds = (
        visit.fold("people", "People", _people(visit, shown.incident, path)),
        visit.fold("facts", "Severity, title and other facts", _facts(visit, shown, path)),
        visit.fold("ticket", "Ticket", _ticket(visit, shown, path)),
        visit.fold("merge", "Merge another incident into this one", _merge(visit, path)),
    )
    return f"<section><h2>Change it</h2>{''.join(folds)}</section>"


def _people(visit: Visit, one: Incident, path: str) -> str:
    lines = "".join(_person(visit, one, name) for name in PEOPLE)
    return visit.form(path, "people", f"{lines}{button('people', 'Save', first=True)}", several=True)


def _person(visit: Visit, one: Incident, name: str) -> str:
    held = str(getattr(one, name))
    line = text_field(name.capitalize(), name, visit.value("people", name, held), options="known-people")
    take = f'<button name="do" value="take:{name}" aria-label="I am the {name}">It is me</button>'
    return f'<div class="row">{seen(name, held)}{line}{take}</div>'


def _facts(visit: Visit, shown: Choices, path: str) -> str:
    one, suggested = shown.incident, {"severity": "known-severities"}
    fields = [
        seen(name, getattr(one, name))
        + text_field(
            name.capitalize(),
            name,
            visit.value("facts", name, getattr(one, name)),
            options=suggested.get(name, ""),
            required=name == "title",
        )
        for name in LINES
    ]
    runbook = visit.value("facts", "runbook", one.runbook)
    # One that the configuration has not any more stays as it is, unless somebody chooses another.
    runbooks = {"": "none", **({one.runbook: one.runbook} if one.runbook else {}), **shown.runbooks}
    automatic = "yes" if one.automatic else "no"
    fields += [
        seen("runbook", one.runbook) + choice("Runbook", "runbook", runbooks, runbook),
        seen("automatic", automatic)
        + choice("It is", "automatic", AUTOMATIC, visit.value("facts", "automatic", automatic)),
    ]
    fields += [
        seen(name, getattr(one, name))
        + text_area(name.capitalize(), name, visit.value("facts", name, getattr(one, name)))
        for name in TEXTS
    ]
    return visit.form(path, "facts", f"{''.join(fields)}{button('facts', 'Save', first=True)}")


def _ticket(visit: Visit, shown: Choices, path: str) -> str:
    one = shown.incident
    if one.ticket is not None and one.ticket.receiver in shown.receivers:
        return f"<p>The receiver {bdi(one.ticket.receiver)} keeps one.</p>"
    if not one.is_open:
        return "<p>Open the incident again before it gets one.</p>"
    receiver = choice("Receiver", "receiver", shown.receivers, visit.value("ticket", "receiver"))
    return visit.form(path, "ticket", f"{receiver}{button('ticket', 'Open a ticket', first=True)}")


def _merge(visit: Visit, path: str) -> str:
    other = text_field(
        "Which one", "incident", visit.value("merge", "incident"), options="known-incidents", required=True, most=40
    )
    say = '<p class="soft">Its alerts, timeline, links and action items come here, and it ends.</p>'
    return visit.form(path, "merge", f"{other}{say}{button('merge', 'Merge', first=True)}")
