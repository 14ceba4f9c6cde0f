"""`/silences` and `/silence/{id}`."""

from __future__ import annotations

import re
from typing import Any

import re2
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.alerts import InvalidSilence, Silence, UnknownSilence
from watchkeeper.alerts.silences import Silences
from watchkeeper.api.alertmanager.answer import Malformed, Refused, answer, done, required
from watchkeeper.api.alertmanager.filters import matchers_of
from watchkeeper.api.alertmanager.times import read_time, time_text
from watchkeeper.api.alertmanager.wire import PostedMatcher, PostedSilence, read_json, texts
from watchkeeper.api.caller import caller_of
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.clock import Clock
from watchkeeper.base.regex import regex_failure
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.template.printing import quoted

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_OPS = {
    (True, False): MatchOp.EQUAL,
    (False, False): MatchOp.NOT_EQUAL,
    (True, True): MatchOp.REGEX,
    (False, True): MatchOp.NOT_REGEX,
}
_PARTS = {op: parts for parts, op in _OPS.items()}


class SilencesFace:
    """What can be asked of silences."""

    def __init__(self, silences: Silences, clock: Clock) -> None:
        self._silences = silences
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """Every silence that has each of the filters among its matchers."""
        filters, now = matchers_of(request), self._clock.now_ms()
        listed = self._silences.all(tenant_of(request))
        return answer([_silence(one, now) for one in listed if _is_about(one, filters)])

    async def show_one(self, request: Request) -> Response:
        """One silence; a 404 without a body where there is none."""
        try:
            silence = self._silences.get(tenant_of(request), _id(request))
        except UnknownSilence:
            return Response(status_code=404)
        return answer(_silence(silence, self._clock.now_ms()))

    async def post(self, request: Request) -> Response:
        """Make or change a silence; its id."""
        posted = await read_json(request, PostedSilence, "silence")
        silence = _checked(posted, tenant_of(request))
        if silence.starts_at >= silence.ends_at:
            raise Refused(400, "Failed to create silence: start time must be before end time")
        if silence.ends_at < self._clock.now_ms():
            raise Refused(400, "Failed to create silence: end time can't be in the past")
        try:
            return answer({"silenceID": await self._silences.set(silence, _caller(request, silence.created_by))})
        except UnknownSilence as failure:
            raise Refused(404, str(failure)) from None
        except InvalidSilence as failure:
            raise Refused(400, str(failure)) from None

    async def delete(self, request: Request) -> Response:
        """End a silence."""
        try:
            await self._silences.expire(tenant_of(request), _id(request), actor=_caller(request))
        except UnknownSilence:
            return Response(status_code=404)
        return done()


def _caller(request: Request, said: str = "") -> str:
    return caller_of(request, said, "API v2")


def _id(request: Request) -> str:
    id = request.path_params["id"]
    if not _UUID.fullmatch(id):
        raise Malformed(422, 601, f'silenceID in path must be of type uuid: "{id}"')
    return id


def _checked(posted: PostedSilence, tenant: str) -> Silence:
    for name in ("comment", "createdBy", "endsAt", "matchers", "startsAt"):
        if getattr(posted, name) is None:
            raise required(name)
    if not posted.matchers:
        raise Malformed(422, 612, "matchers in body should have at least 1 items")
    starts_at, ends_at = read_time(posted.startsAt, "silence") or 0, read_time(posted.endsAt, "silence") or 0
    return Silence(
        tuple(_matcher(matcher, i) for i, matcher in enumerate(posted.matchers)),
        starts_at,
        ends_at,
        posted.createdBy or "",
        posted.comment or "",
        texts(posted.annotations),
        posted.id or "",
        tenant=tenant,
    )


def _matcher(posted: PostedMatcher, i: int) -> Matcher:
    for name in ("isRegex", "name", "value"):
        if getattr(posted, name) is None:
            raise required(f"matchers.{i}.{name}")
    name, value = posted.name or "", posted.value or ""
    try:
        return Matcher(name, _OPS[posted.isEqual is not False, bool(posted.isRegex)], value)
    except re2.error:
        why = f"invalid regular expression {quoted(value)}: error parsing regexp: {regex_failure(value)}"
        raise Refused(400, f"invalid silence: invalid label matcher {i} in set 0: {why}") from None


def _is_about(silence: Silence, filters: tuple[Matcher, ...]) -> bool:
    """Say whether each filter is one of its matchers, to the letter: what they would match does not count."""
    return all(one in silence.matchers for one in filters)


def _silence(silence: Silence, now: int) -> dict[str, Any]:
    annotations = {"annotations": dict(silence.annotations)} if silence.annotations else {}
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": time_text(silence.updated_at),
        **annotations,
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": time_text(silence.ends_at),
        "matchers": [_shown(matcher) for matcher in silence.matchers],
        "startsAt": time_text(silence.starts_at),
    }


def _shown(matcher: Matcher) -> dict[str, Any]:
    equal, regex = _PARTS[matcher.op]
    return {"isEqual": equal, "isRegex": regex, "name": matcher.name, "value": matcher.value}
