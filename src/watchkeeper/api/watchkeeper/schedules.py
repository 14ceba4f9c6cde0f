"""Who is on call: `/oncall`, `/schedules`, their overrides and calendars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.access import InvalidToken, Signer
from watchkeeper.api.prometheus.envelope import bad_parameter, success
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper.asked import body_of, instant_asked, read_instant, refused, time_text
from watchkeeper.oncall import OnCall, OnCallFailure, Schedule, Shift
from watchkeeper.oncall.schedule.calendar import MEDIA_TYPE, calendar
from watchkeeper.oncall.schedule.override import Override

DAY_MS = 86_400_000
SHOWN_MS = 14 * DAY_MS
LONGEST_MS = 400 * DAY_MS
CALENDAR_MS = (30 * DAY_MS, 90 * DAY_MS)
"""How far a calendar reaches into the past and ahead."""
LINK_MS = 5 * 365 * DAY_MS
PURPOSE = "calendar"


class OverrideBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted to make an override."""

    person: str
    start: str
    end: str
    replaces: str = ""
    created_by: str = ""
    comment: str = ""


def routes(core: Core, room: OnCall, signer: Signer) -> list[BaseRoute]:
    """The routes below `/api/watchkeeper/v1`."""
    face = SchedulesFace(core, room, signer)
    return [
        Route("/oncall", face.on_call),
        Route("/schedules", face.all),
        Route("/schedules/{name}.ics", face.calendar),
        Route("/schedules/{name}", face.one),
        Route("/schedules/{name}/overrides", face.override, methods=["POST"]),
        Route("/schedules/{name}/overrides/{id}", face.withdraw, methods=["DELETE"]),
    ]


class SchedulesFace:
    """Handlers."""

    def __init__(self, core: Core, room: OnCall, signer: Signer) -> None:
        self._core = core
        self._room = room
        self._signer = signer

    async def on_call(self, request: Request) -> Response:
        """Who is on call by each schedule, now or at `at`."""
        at = instant_asked(request, "at", self._core.clock.now_ms())
        schedules = self._room.roster.schedules.values()
        found = [{"name": one.name, "people": self._people(one.who(at))} for one in schedules]
        return success({"at": time_text(at), "schedules": found})

    async def all(self, request: Request) -> Response:
        """Every schedule, who is on call, and when nobody is next, within two weeks."""
        now = self._core.clock.now_ms()
        return success([self._summary(one, now) for one in self._room.roster.schedules.values()])

    async def one(self, request: Request) -> Response:
        """The final shifts of a window, its gaps, and the overrides."""
        schedule = self._schedule(request)
        now = self._core.clock.now_ms()
        since = instant_asked(request, "since", now)
        until = instant_asked(request, "until", since + SHOWN_MS)
        if not since < until <= since + LONGEST_MS:
            raise bad_parameter("until", "it must be later than since, by 400 days at the most")
        shifts = [_span(one, schedule) for one in schedule.shifts(since, until)]
        return success(
            {
                **self._summary(schedule, now),
                "shifts": [one for one in shifts if one["people"]],
                "gaps": [{"start": one["start"], "end": one["end"]} for one in shifts if not one["people"]],
                "overrides": [_override(one, schedule) for one in schedule.overrides if one.until > since],
                "calendar_url": self._calendar_url(schedule.name),
            }
        )

    async def calendar(self, request: Request) -> Response:
        """The schedule as a calendar, for whoever has a link that we signed."""
        name = request.path_params["name"]
        try:
            content = self._signer.content(PURPOSE, request.query_params.get("token", ""))
        except InvalidToken as why:
            return PlainTextResponse(f"{why}: the schedule's calendar_url would be right\n", 403)
        if content.get("schedule") != name:
            return PlainTextResponse("the link is good for another schedule\n", 403)
        schedule, now = self._schedule(request), self._core.clock.now_ms()
        back, ahead = CALENDAR_MS
        text = calendar(name, schedule.shifts(now - back, now + ahead), self._shown, now)
        return Response(text, media_type=MEDIA_TYPE)

    async def override(self, request: Request) -> Response:
        """Make an override."""
        body = await body_of(request, OverrideBody)
        since, until = read_instant("start", body.start), read_instant("end", body.end)
        if since >= until:
            raise bad_parameter("end", "it must be later than start")
        asked = Override(
            body.person, since, until, body.replaces, created_by=body.created_by or "api", comment=body.comment
        )
        try:
            name = request.path_params["name"]
            return success(_override(await self._room.override(name, asked), self._room.schedule(name)))
        except OnCallFailure as failure:
            raise refused(failure) from failure

    async def withdraw(self, request: Request) -> Response:
        """Take an override back that was made here."""
        try:
            name, id = request.path_params["name"], request.path_params["id"]
            await self._room.withdraw(name, id, request.query_params.get("actor", "") or "api")
        except OnCallFailure as failure:
            raise refused(failure) from failure
        return success({})

    def _schedule(self, request: Request) -> Schedule:
        try:
            return self._room.schedule(request.path_params["name"])
        except OnCallFailure as failure:
            raise refused(failure) from failure

    def _summary(self, schedule: Schedule, now: int) -> dict[str, Any]:
        gap = next(iter(schedule.gaps(now, now + SHOWN_MS)), None)
        return {
            "name": schedule.name,
            "time_zone": schedule.zone.key,
            "on_call": self._people(schedule.who(now)),
            "next_gap": None if gap is None else time_text(gap.since, schedule.zone),
        }

    def _people(self, names: Sequence[str]) -> list[dict[str, str]]:
        return [{"name": name, "display_name": self._shown(name)} for name in names]

    def _shown(self, name: str) -> str:
        person = self._room.roster.people.persons.get(name)
        return person.display_name if person is not None else name

    def _calendar_url(self, name: str) -> str:
        token = self._signer.token(PURPOSE, {"schedule": name}, LINK_MS)
        url = f"{self._core.options.external_url}/api/watchkeeper/v1/schedules/{quote(name, safe='')}.ics"
        return f"{url}?token={token}"


def _span(shift: Shift, schedule: Schedule) -> dict[str, Any]:
    return {
        "start": time_text(shift.since, schedule.zone),
        "end": time_text(shift.until, schedule.zone),
        "people": list(shift.people),
    }


def _override(override: Override, schedule: Schedule) -> dict[str, Any]:
    return {
        "id": override.id,
        "person": override.person,
        "replaces": override.replaces,
        "start": time_text(override.since, schedule.zone),
        "end": time_text(override.until, schedule.zone),
        "created_by": override.created_by,
        "comment": override.comment,
        "read_only": not override.id,
    }
