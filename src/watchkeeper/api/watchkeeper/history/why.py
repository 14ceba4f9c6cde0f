"""Why people are told of an alert, or not: `/alerts/{fingerprint}/why`, `/routes/test`."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.alerts import Alerts
from watchkeeper.api.body import read_body
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.history.asking import fingerprint_of
from watchkeeper.api.watchkeeper.history.story import Outlooks, Story, labels_with, story_of
from watchkeeper.api.watchkeeper.history.story_json import story_json
from watchkeeper.api.watchkeeper.history.story_text import story_text
from watchkeeper.base.clock import Clock
from watchkeeper.journal import Journal
from watchkeeper.model.labels import Labels

_LARGEST = 1 << 20


class _Tested(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `/routes/test`."""

    labels: dict[str, str]


def routes(clock: Clock, room: Alerts, outlooks: Outlooks, journal: Journal) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""

    async def why(request: Request) -> Response:
        tenant, fingerprint = tenant_of(request), fingerprint_of(request.path_params["fingerprint"])
        labels = await labels_with(room, journal, tenant, fingerprint)
        if labels is None:
            text = f"no alert with the fingerprint {fingerprint} is held, and the journal remembers none"
            raise ApiFailure(ErrorType.NOT_FOUND, text)
        return _answer(request, await story_of(room, outlooks, journal, tenant, labels, clock.now_ms()))

    async def test(request: Request) -> Response:
        tenant, labels = tenant_of(request), _labels(await read_body(request, _LARGEST))
        return _answer(request, await story_of(room, outlooks, journal, tenant, labels, clock.now_ms()))

    return [Route("/alerts/{fingerprint}/why", why), Route("/routes/test", test, methods=["POST"])]


def _labels(body: bytes) -> Labels:
    right = 'right would be {"labels": {"alertname": "Down"}}'
    try:
        labels = Labels(msgspec.json.decode(body, type=_Tested).labels)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ApiFailure(ErrorType.BAD_DATA, f"the body names no labels ({error}): {right}") from None
    if not labels:
        raise ApiFailure(ErrorType.BAD_DATA, f"the body names no labels: {right}")
    if "" in labels:
        raise ApiFailure(ErrorType.BAD_DATA, f"a label has no name: {right}")
    return labels


def _answer(request: Request, story: Story) -> Response:
    accept = request.headers.get("accept", "")
    if "text/plain" in accept and "json" not in accept:
        return PlainTextResponse(story_text(story))
    return success(story_json(story))
