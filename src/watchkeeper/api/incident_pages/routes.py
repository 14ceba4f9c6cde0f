"""The addresses of the pages, and how their forms are taken.

Looking (GET, HEAD) changes nothing. A form is taken if it bears the token of a page that we have made for the same
tenant and the same login, so that no other page can send it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.access import InvalidToken
from watchkeeper.api.body import read_body
from watchkeeper.api.caller import user_of
from watchkeeper.api.incident_pages import opening
from watchkeeper.api.incident_pages.acting import Sent, act
from watchkeeper.api.incident_pages.listing import AT_ONCE, list_page
from watchkeeper.api.incident_pages.one import PARTS, Shown, incident_page
from watchkeeper.api.incident_pages.visit import Fields, Typed, Visit
from watchkeeper.api.oncall import Desk
from watchkeeper.api.oncall.desk import LARGEST_FORM
from watchkeeper.api.oncall.form import Unusable, back, name_in
from watchkeeper.api.page import heading, not_kept, page, refusal
from watchkeeper.api.prometheus.envelope import ApiFailure
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.body import Handler
from watchkeeper.api.watchkeeper.incidents import filter_of
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.incident import (
    Filter,
    Incident,
    IncidentConflict,
    Incidents,
    InvalidIncident,
    Status,
    UnknownIncident,
)
from watchkeeper.oncall.runbook import html_of
from watchkeeper.store import StoreFailure

FORM = "incident form"
_FORM_LIVES_MS = 12 * 3_600_000
_OLD = "The page was too old: look at what it says now, and send the form again."
_FOREIGN = "This form was not made by our page for you: open the page again."
_OPEN = tuple(status for status in Status if status is not Status.RESOLVED)


def routes(core: Core, room: Incidents, desk: Desk, severities: Callable[[], Severities]) -> list[BaseRoute]:
    """The pages; those of `new` before those of an id."""
    pages = _Pages(core, room, desk, severities)
    both = ["GET", "POST"]
    return [
        Route("/incidents", pages.showing(pages.show), methods=["GET"]),
        Route(opening.PATH, pages.showing(pages.new), methods=both),
        Route("/incidents/{id}", pages.showing(pages.one), methods=both),
        Route("/runbooks/{name}", pages.showing(pages.runbook), methods=["GET"]),
    ]


class _Pages:
    def __init__(self, core: Core, room: Incidents, desk: Desk, severities: Callable[[], Severities]) -> None:
        self._core = core
        self._room = room
        self._desk = desk
        self._severities = severities
        self._prefix = escape(core.options.route_prefix)
        self._above = ((f"{self._prefix}/", "Watchkeeper"), (f"{self._prefix}/incidents", "Incidents"))

    def showing(self, handler: Handler) -> Handler:
        """The handler, with refusals as pages."""

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except UnknownIncident as why:
                return refusal("Not found", str(why), 404, above=self._above)
            except ApiFailure as why:
                return refusal("That cannot be shown", str(why), why.type.status, above=self._above)
            except StoreFailure as failure:
                return not_kept(failure)

        return handle

    async def show(self, request: Request) -> Response:
        now = self._core.clock.now_ms()
        wanted = replace(filter_of(request, now), limit=AT_ONCE + 1)
        return list_page(request, self._prefix, await self._room.found(wanted), now)

    async def one(self, request: Request) -> Response:
        visit = self._visit(request)
        incident = await self._room.get(visit.tenant, str(request.path_params["id"]))
        if request.method != "POST":
            return await self._page(visit, incident)
        fields = await _read(request)
        if (refused := self._refused(visit, fields)) is not None:
            return refused
        part = fields.get("part", "") if fields.get("part") in PARTS else ""
        try:
            self._check_age(fields)
            by = name_in(fields, visit.user)
            done = await act(self._room, Sent(visit.tenant, incident.id, by, part, fields))
        except _WRONG as why:
            now = await self._room.get(visit.tenant, incident.id)
            return await self._page(replace(visit, typed=_typed(part, fields, why)), now)
        self._desk.callbacks.taken("page")
        return back(request, by, done.said, to=done.id, part=done.part)

    async def new(self, request: Request) -> Response:
        visit = self._visit(request)
        if request.method != "POST":
            return self._opening(visit)
        fields = await _read(request)
        if (refused := self._refused(visit, fields)) is not None:
            return refused
        try:
            self._check_age(fields)
            by = name_in(fields, visit.user)
            opened = await opening.open_incident(self._room, visit.tenant, fields, by)
        except _WRONG as why:
            return self._opening(replace(visit, typed=_typed(opening.PART, fields, why)))
        self._desk.callbacks.taken("page")
        return back(request, by, "opened", to=opened.id, part="status")

    async def runbook(self, request: Request) -> Response:
        if (found := self._room.runbooks.by_name.get(str(request.path_params["name"]))) is None:
            return refusal("Not found", "There is no runbook of that name.", 404, above=self._above)
        html = html_of(found.body)
        title = "" if html.startswith("<h1>") else heading(found.title)
        body = f'{title}<article class="runbook" dir="auto">{html}</article>'
        return page(found.title, body, above=self._above, images=True)

    def _opening(self, visit: Visit) -> Response:
        lists = {"known-people": self._people(), "known-severities": self._words()}
        return opening.opening_page(visit, self._room.loose_alerts(visit.tenant), lists, self._runbooks())

    async def _page(self, visit: Visit, incident: Incident) -> Response:
        others = await self._room.found(Filter(visit.tenant, _OPEN))
        shown = Shown(
            incident,
            self._room.runbook_of(incident),
            await self._room.timeline(incident),
            self._core.clock.now_ms(),
            self._people(),
            self._words(),
            self._runbooks(),
            {name: name for name in sorted(self._room.tickets.receivers)},
            {one.id: one.title for one in others if one.number != incident.number},
        )
        return incident_page(visit, shown)

    def _people(self) -> dict[str, str]:
        return {name: person.display_name for name, person in sorted(self._desk.people().persons.items())}

    def _words(self) -> dict[str, str]:
        return {level.name: "" for level in self._severities().levels}

    def _runbooks(self) -> dict[str, str]:
        return {name: runbook.title for name, runbook in sorted(self._room.runbooks.by_name.items())}

    def _visit(self, request: Request) -> Visit:
        tenant, user = tenant_of(request), user_of(request)
        token = self._desk.signer.token(FORM, {"tenant": tenant, "user": user}, _FORM_LIVES_MS)
        return Visit(request, tenant, user, token, self._prefix, self._desk.zone())

    def _refused(self, visit: Visit, fields: Fields) -> Response | None:
        """The answer to a form that is none of our page's for this visitor."""
        try:
            ours = self._desk.signer.content(FORM, fields.get("form", "")) == {
                "tenant": visit.tenant,
                "user": visit.user,
            }
        except InvalidToken as why:
            # What expired was ours once, and what was typed is worth showing again.
            ours = why.expired
        if ours:
            return None
        self._desk.callbacks.refused("page", "a form was sent that our page has not made")
        return refusal("Not done", _FOREIGN, 403, above=self._above)

    def _check_age(self, fields: Fields) -> None:
        try:
            self._desk.signer.content(FORM, fields.get("form", ""))
        except InvalidToken:
            raise Unusable(_OLD) from None


_WRONG = (Unusable, ApiFailure, UnknownIncident, InvalidIncident, IncidentConflict)


async def _read(request: Request) -> Fields:
    body = await read_body(request, LARGEST_FORM)
    return ImmutableMultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _typed(part: str, fields: Fields, why: Exception) -> Typed:
    status = 400
    if isinstance(why, ApiFailure):
        status = why.type.status
    elif isinstance(why, IncidentConflict):
        status = 409
    return Typed(part, fields, str(why), status)
