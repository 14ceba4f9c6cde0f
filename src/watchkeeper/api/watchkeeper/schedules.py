"""Who is on call: `/oncall`, `/schedules`, their overrides and calendars."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.access import InvalidToken, Signer
from watchkeeper.api.caller import caller_of
from watchkeeper.api.prometheus.envelope import bad_parameter, success
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper.asked import body_of, instant_asked, read_instant, refused
from watchkeeper.oncall import OnCall, OnCallFailure, Schedule
from watchkeeper.oncall.schedule.calendar import MEDIA_TYPE, calendar
from watchkeeper.oncall.schedule.override import Override
from watchkeeper.oncall.schedule.shown import (
    AHEAD_MS,
    display_name,
    shown_on_call,
    shown_override,
    shown_shifts,
    shown_summary,
)

DAY_MS = 86_400_000
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


class SwapBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted to swap shifts: `b` takes those of `a` from `a_start` to `a_end`, and `a` those of `b`."""

    a: str
    a_start: str
    a_end: str
    b: str
    b_start: str
    b_end: str
    by: str = ""
    comment: str = ""


def routes(core: Core, room: OnCall, signer: Signer) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""
    face = SchedulesFace(core, room, signer)
    return [
        Route("/oncall", face.on_call),
        Route("/schedules", face.all),
        Route("/schedules/{name}.ics", face.calendar),
        Route("/schedules/{name}", face.one),
        Route("/schedules/{name}/overrides", face.override, methods=["POST"]),
        Route("/schedules/{name}/swaps", face.swap, methods=["POST"]),
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
        roster = self._room.roster
        return success(shown_on_call(roster.schedules, roster.people, at))

    async def all(self, request: Request) -> Response:
        """Every schedule, who is on call, and when nobody is next, within two weeks."""
        now, roster = self._core.clock.now_ms(), self._room.roster
        return success([shown_summary(one, roster.people, now) for one in roster.schedules.values()])

    async def one(self, request: Request) -> Response:
        """The final shifts of a window, its gaps, and the overrides."""
        schedule = self._schedule(request)
        now = self._core.clock.now_ms()
        since = instant_asked(request, "since", now)
        until = instant_asked(request, "until", since + AHEAD_MS)
        if not since < until <= since + LONGEST_MS:
            raise bad_parameter("until", "it must be later than since, by 400 days at the most")
        return success(
            {
                **shown_summary(schedule, self._room.roster.people, now),
                **shown_shifts(schedule, since, until),
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
            body.person,
            since,
            until,
            body.replaces,
            created_by=caller_of(request, body.created_by),
            comment=body.comment,
        )
        try:
            name = request.path_params["name"]
            made = await self._room.override(name, asked)
            return success(shown_override(made, self._room.schedule(name).zone))
        except OnCallFailure as failure:
            raise refused(failure) from failure

    async def swap(self, request: Request) -> Response:
        """Make both overrides of a swap, or neither."""
        body = await body_of(request, SwapBody)
        if body.a == body.b:
            raise bad_parameter("b", f'"{body.b}" cannot swap with themselves: somebody else would be right')
        by = caller_of(request, body.by)
        halves = (
            Override(body.b, *_window("a", body.a_start, body.a_end), body.a, created_by=by, comment=body.comment),
            Override(body.a, *_window("b", body.b_start, body.b_end), body.b, created_by=by, comment=body.comment),
        )
        name = request.path_params["name"]
        try:
            made = await self._room.swap(name, *halves)
            zone = self._room.schedule(name).zone
        except OnCallFailure as failure:
            raise refused(failure) from failure
        return success([shown_override(half, zone) for half in made])

    async def withdraw(self, request: Request) -> Response:
        """Take an override back that was made here."""
        try:
            name, id = request.path_params["name"], request.path_params["id"]
            await self._room.withdraw(name, id, caller_of(request, request.query_params.get("actor", "")))
        except OnCallFailure as failure:
            raise refused(failure) from failure
        return success({})

    def _schedule(self, request: Request) -> Schedule:
        try:
            return self._room.schedule(request.path_params["name"])
        except OnCallFailure as failure:
            raise refused(failure) from failure

    def _shown(self, name: str) -> str:
        return display_name(name, self._room.roster.people)

    def _calendar_url(self, name: str) -> str:
        token = self._signer.token(PURPOSE, {"schedule": name}, LINK_MS)
        url = f"{self._core.options.external_url}/api/watchkeeper/v1/schedules/{quote(name, safe='')}.ics"
        return f"{url}?token={token}"


def _window(whose: str, start: str, end: str) -> tuple[int, int]:
    since, until = read_instant(f"{whose}_start", start), read_instant(f"{whose}_end", end)
    if since >= until:
        raise bad_parameter(f"{whose}_end", f"it must be later than {whose}_start")
    return since, until
