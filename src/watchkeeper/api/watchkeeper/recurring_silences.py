"""Silences that come back: `/recurring-silences`."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.alerts import (
    Alerts,
    RecurringSilence,
    RecurringSilenceConflict,
    RecurringSilenceSection,
    UnknownSilence,
)
from watchkeeper.alerts.recurring.sections import section_of
from watchkeeper.api.alertmanager.times import time_text
from watchkeeper.api.body import read_body
from watchkeeper.api.caller import caller_of
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter, no_content, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.clock import Clock
from watchkeeper.base.configuration import ConfigurationFailure, decode
from watchkeeper.base.configuration.place import Place
from watchkeeper.base.configuration.rendering import shown
from watchkeeper.base.configuration.tree import Items, Null, Scalar, Table, Tree

_LARGEST = 1 << 16
_MOST = 100
_BODY = Place("body")


def routes(room: Alerts, clock: Clock) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""
    face = _Face(room, clock)
    one = "/recurring-silences/{name}"
    return [
        Route("/recurring-silences", face.show, methods=["GET"]),
        Route("/recurring-silences", face.make, methods=["POST"]),
        Route(one, face.show_one, methods=["GET"]),
        Route(one, face.change, methods=["PUT"]),
        Route(one, face.delete, methods=["DELETE"]),
        Route(f"{one}/occurrences", face.occurrences, methods=["GET"]),
    ]


class _Face:
    def __init__(self, room: Alerts, clock: Clock) -> None:
        self._recurring = room.recurring
        self._clock = clock

    async def show(self, request: Request) -> Response:
        return success([_shown(one) for one in self._recurring.all(tenant_of(request))])

    async def show_one(self, request: Request) -> Response:
        return success(_shown(self._found(request)))

    async def make(self, request: Request) -> Response:
        made = await _read(request, None)
        try:
            await self._recurring.make(made, _caller(request, made.created_by))
        except RecurringSilenceConflict as why:
            raise ApiFailure(ErrorType.CONFLICT, str(why)) from None
        return success(_shown(made))

    async def change(self, request: Request) -> Response:
        name = self._found(request).name
        changed = await _read(request, name)
        try:
            await self._recurring.change(changed, _caller(request))
        except RecurringSilenceConflict as why:
            raise ApiFailure(ErrorType.CONFLICT, str(why)) from None
        return success(_shown(changed))

    async def delete(self, request: Request) -> Response:
        found = self._found(request)
        try:
            await self._recurring.delete(found.tenant, found.name, _caller(request))
        except RecurringSilenceConflict as why:
            raise ApiFailure(ErrorType.CONFLICT, str(why)) from None
        return no_content()

    async def occurrences(self, request: Request) -> Response:
        found, text = self._found(request), request.query_params.get("limit", "5")
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
            raise bad_parameter("limit", f'"{text}" is no number from 1 to {_MOST}')
        silences = islice(found.occurrences(self._clock.now_ms()), int(text))
        return success(
            [
                {"silence": one.id, "startsAt": time_text(one.starts_at), "endsAt": time_text(one.ends_at)}
                for one in await asyncio.to_thread(list, silences)
            ]
        )

    def _found(self, request: Request) -> RecurringSilence:
        try:
            return self._recurring.get(tenant_of(request), request.path_params["name"])
        except UnknownSilence as why:
            raise ApiFailure(ErrorType.NOT_FOUND, str(why)) from None


def _caller(request: Request, said: str = "") -> str:
    """Who does it: the login, else the parameter `actor`, else `said`."""
    return caller_of(request, request.query_params.get("actor", "") or said)


async def _read(request: Request, name: str | None) -> RecurringSilence:
    """The silence in the body, with the name of the path where there is one. Raises ApiFailure."""
    try:
        body = msgspec.json.decode(await read_body(request, _LARGEST))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiFailure(ErrorType.BAD_DATA, f"the body is no JSON: {error}") from None
    tree = _tree(body)
    if isinstance(tree, Table):
        tree.set("tenant", _BODY, Scalar(tenant_of(request), _BODY))
        if name is not None:
            _check_name(tree, name)
            tree.set("name", _BODY, Scalar(name, _BODY))
    try:
        # A rule that never begins shows only after thousands of years.
        section = await asyncio.to_thread(decode, RecurringSilenceSection, tree)
    except ConfigurationFailure as failure:
        raise ApiFailure(ErrorType.BAD_DATA, "\n".join(problem.message for problem in failure.problems)) from None
    if section.ical_file is not None or section.ical_url:
        raise ApiFailure(ErrorType.BAD_DATA, "calendars are named in configuration files only")
    return section.recurring("api")


def _check_name(tree: Table, name: str) -> None:
    """Raises ApiFailure where the body has another name than the path."""
    said = tree.entries.get("name")
    if isinstance(said, Scalar) and said != name:
        text = f'name: "{said}" is not the "{name}" of the path, and a name cannot change: right would be none here'
        raise ApiFailure(ErrorType.BAD_DATA, text)


def _tree(value: object) -> Tree:
    """JSON as if it had been read from a file."""
    match value:
        case dict():
            entries = cast("dict[str, object]", value)
            return Table(_BODY, {key: _tree(item) for key, item in entries.items()}, dict.fromkeys(entries, _BODY))
        case list():
            return Items(_BODY, [_tree(item) for item in cast("list[object]", value)])
        case None:
            return Null(_BODY)
        case _:
            return Scalar(str(value), _BODY)


def _shown(recurring: RecurringSilence) -> dict[str, Any]:
    written = shown(section_of(recurring))
    written.pop("tenant", None)
    return {**written, "source": recurring.source}
