"""Incidents: `/incidents`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter, success
from watchkeeper.api.prometheus.params import parse_time_ms, whole_number
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.body import Posted, actor, answering, read_json, required
from watchkeeper.api.watchkeeper.incident_bodies import (
    PostedIncident,
    PostedMerge,
    PostedNote,
    PostedSplit,
    PostedTick,
    PostedTicket,
)
from watchkeeper.api.watchkeeper.incident_json import figures_json, incident_json, whole_json
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.oncall.incident import By, Change, Filter, Incident, Incidents, Status, postmortem
from watchkeeper.oncall.incident.incident import number_of

DAY_MS = 86_400_000
_MOST = 1000
_DEFAULT_SINCE_MS = 90 * DAY_MS
_OPEN = tuple(status for status in Status if status is not Status.RESOLVED)


def routes(core: Core, room: Incidents) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""
    face = _Face(core, room)
    one = "/incidents/{id}"
    handlers = (
        ("/incidents", "GET", face.show),
        ("/incidents", "POST", face.create),
        ("/incidents/statistics", "GET", face.statistics),
        (one, "GET", face.show_one),
        (one, "PATCH", face.change),
        (f"{one}/acknowledge", "POST", face.acknowledge),
        (f"{one}/resolve", "POST", face.resolve),
        (f"{one}/notes", "POST", face.note),
        (f"{one}/ticket", "POST", face.ticket),
        (f"{one}/merge", "POST", face.merge),
        (f"{one}/split", "POST", face.split),
        (f"{one}/runbook/steps/{{number}}", "PUT", face.tick),
        (f"{one}/postmortem", "GET", face.postmortem),
    )
    return [Route(path, answering(handler), methods=[method]) for path, method, handler in handlers]


class _Face:
    def __init__(self, core: Core, room: Incidents) -> None:
        self._core = core
        self._room = room

    async def show(self, request: Request) -> Response:
        found = await self._room.found(filter_of(request, self._core.clock.now_ms()))
        return success([incident_json(one, self._core.options.external_url) for one in found])

    async def show_one(self, request: Request) -> Response:
        return await self._whole(await self._room.get(tenant_of(request), _id(request)))

    async def create(self, request: Request) -> Response:
        posted = await read_json(request, PostedIncident)
        by = actor(request, posted)
        opened = await self._room.create(posted.draft(tenant_of(request)), posted.alerts or (), by)
        answer = await self._whole(opened)
        answer.status_code = 201
        answer.headers["Location"] = f"{self._core.options.external_url}/api/watchkeeper/v1/incidents/{opened.id}"
        return answer

    async def change(self, request: Request) -> Response:
        posted = await read_json(request, PostedIncident)
        if posted.alerts is not None:
            raise bad_parameter("alerts", "an incident's alerts are changed by merging and splitting")
        return await self._changed(request, posted.change(), actor(request, posted))

    async def acknowledge(self, request: Request) -> Response:
        by = actor(request, await read_json(request, Posted))
        incident = await self._room.get(tenant_of(request), _id(request))
        # Whoever is late must not put back what is further already.
        if not incident.is_open and not incident.merged_into:
            reopened = f'PATCH /incidents/{incident.id} with "status": "acknowledged" opens it again'
            raise ApiFailure(ErrorType.CONFLICT, f"{incident.id} is resolved already: {reopened}")
        change = Change(status=Status.ACKNOWLEDGED) if incident.status is Status.TRIGGERED else Change()
        return await self._changed(request, change, by)

    async def resolve(self, request: Request) -> Response:
        by = actor(request, await read_json(request, Posted))
        return await self._changed(request, Change(status=Status.RESOLVED), by)

    async def note(self, request: Request) -> Response:
        posted = await read_json(request, PostedNote)
        by = actor(request, posted)
        return await self._whole(
            await self._room.note(tenant_of(request), _id(request), posted.checked(), by, posted.via[:50])
        )

    async def ticket(self, request: Request) -> Response:
        posted = await read_json(request, PostedTicket)
        by = actor(request, posted)
        receiver = required("receiver", posted.receiver, "the name of one of the configuration's receivers")
        return await self._whole(await self._room.open_ticket(tenant_of(request), _id(request), receiver, by))

    async def merge(self, request: Request) -> Response:
        posted = await read_json(request, PostedMerge)
        by = actor(request, posted)
        return await self._whole(await self._room.merge(tenant_of(request), _id(request), posted.incident, by))

    async def split(self, request: Request) -> Response:
        posted = await read_json(request, PostedSplit)
        by = actor(request, posted)
        if not posted.alerts:
            raise bad_parameter("alerts", "right would be the fingerprints of those that become an incident")
        title = " ".join(posted.title.split())[:300]
        return await self._whole(
            await self._room.split(tenant_of(request), _id(request), posted.alerts, title, by, posted.ticket)
        )

    async def tick(self, request: Request) -> Response:
        posted = await read_json(request, PostedTick)
        by = actor(request, posted)
        number = whole_number(request.path_params["number"])
        if number is None:
            text = f'there is no step "{request.path_params["number"]}": right would be its number, the first being 1'
            raise ApiFailure(ErrorType.NOT_FOUND, text)
        ticked = await self._room.tick(tenant_of(request), _id(request), number, by, done=posted.done)
        return await self._whole(ticked)

    async def statistics(self, request: Request) -> Response:
        since = _since(request, self._core.clock.now_ms())
        text = request.query_params.get("by", By.SERVICE.value)
        if text not in tuple(By):
            raise bad_parameter("by", f'"{text}" is none of {", ".join(By)}')
        figures = await self._room.statistics(tenant_of(request), since, By(text))
        return success([figures_json(one) for one in figures])

    async def postmortem(self, request: Request) -> Response:
        tenant, now = tenant_of(request), self._core.clock.now_ms()
        incident = await self._room.get(tenant, _id(request))
        figures = await self._room.statistics(tenant, now - _DEFAULT_SINCE_MS, By.SERVICE)
        service = next((one for one in figures if one.name == incident.service), None)
        entries = await self._room.timeline(incident)
        text = postmortem(incident, entries, self._room.runbook_of(incident), service, now)
        return Response(text, media_type="text/markdown; charset=utf-8")

    async def _changed(self, request: Request, change: Change, by: str) -> Response:
        return await self._whole(await self._room.change(tenant_of(request), _id(request), change, by))

    async def _whole(self, incident: Incident) -> Response:
        entries, runbook = await self._room.timeline(incident), self._room.runbook_of(incident)
        return success(whole_json(incident, runbook, entries, self._core.options.external_url))


def filter_of(request: Request, now: int) -> Filter:
    """Which incidents the query string asks for; `status=open` are all that are not resolved. Raises ApiFailure."""
    params = request.query_params
    return Filter(
        tenant_of(request),
        _statuses(request),
        params.get("severity", ""),
        params.get("service", ""),
        params.get("team", ""),
        params.get("assignee", ""),
        _since(request, now) if params.get("since") else None,
        _time(request, "until") if params.get("until") else None,
        _before(request),
        _limit(request),
    )


def _statuses(request: Request) -> tuple[Status, ...]:
    found: list[Status] = []
    for text in request.query_params.getlist("status"):
        if text == "open":
            found.extend(_OPEN)
        elif text in tuple(Status):
            found.append(Status(text))
        elif text:
            raise bad_parameter("status", f'"{text}" is none of open, {", ".join(Status)}')
    return tuple(dict.fromkeys(found))


def _since(request: Request, now: int) -> int:
    """A time, or how long ago that was."""
    text = request.query_params.get("since", "")
    if not text:
        return now - _DEFAULT_SINCE_MS
    try:
        return now - parse_duration_ms(text)
    except DurationFailure:
        return _time(request, "since")


def _time(request: Request, name: str) -> int:
    try:
        return parse_time_ms(request.query_params[name])
    except ValueError as why:
        raise bad_parameter(name, f"{why}: right would be 2026-01-31T18:00:00Z, or seconds since 1970") from None


def _before(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    if text and number_of(text) is None:
        raise bad_parameter("before", f'"{text}" is no incident: right would be, for instance, INC-7')
    return number_of(text) if text else None


def _limit(request: Request) -> int:
    number = whole_number(request.query_params.get("limit", "100"))
    if number is None or not 1 <= number <= _MOST:
        raise bad_parameter("limit", f"right would be a number from 1 to {_MOST}")
    return number


def _id(request: Request) -> str:
    return str(request.path_params["id"])
