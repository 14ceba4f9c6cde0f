"""Read-only SQL over the tenant's own views: `/sql`."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.body import read_body
from watchkeeper.api.disconnect import unless_gone
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType
from watchkeeper.api.prometheus.params import pairs_of
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.store import Store
from watchkeeper.store.failure import StatementFailure
from watchkeeper.store.sql import SqlRefused

_LARGEST = 1 << 20
_FORM = "application/x-www-form-urlencoded"
_MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
}


def routes(core: Core, store: Store) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def sql(request: Request) -> Response:
        asked = dict(pairs_of(request.url.query))
        body = await read_body(request, _LARGEST) if request.method == "POST" else b""
        asked = {**asked, **_in_body(body, request.headers.get("content-type", ""))}
        form, statement = asked.get("format", "json"), asked.get("query", "")
        if form not in _MEDIA:
            return _refusal("bad_data", f'there is no format "{form}": {", ".join(_MEDIA)} would be right', 400)
        name = f"people-{secrets.token_hex(8)}"
        work = asyncio.ensure_future(core.readers.run(store.sql, tenant_of(request), statement, form, name))

        def break_off() -> None:
            asyncio.get_running_loop().run_in_executor(None, store.cancel_sql, name)

        try:
            answer = await unless_gone(request, work, break_off)
        except SqlRefused as why:
            return _refusal("bad_data", str(why), 400, why.position)
        except StatementFailure as why:
            return _refusal("execution", str(why), 503 if why.retryable else 422)
        return Response(answer, media_type=_MEDIA[form])

    return [Route("/sql", sql, methods=["GET", "POST"])]


def _in_body(body: bytes, content_type: str) -> dict[str, str]:
    """A form's `query` and `format`; a body without them is the statement itself, whatever it calls itself."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ApiFailure(ErrorType.BAD_DATA, "the statement is not UTF-8") from None
    form = dict(pairs_of(text)) if content_type.partition(";")[0].strip() == _FORM else {}
    known = {name: form[name] for name in ("query", "format") if name in form}
    return known or ({"query": text} if text else {})


def _refusal(kind: str, why: str, status: int, position: int = -1) -> Response:
    body: dict[str, Any] = {"status": "error", "errorType": kind, "error": why}
    if position >= 0:
        body["position"] = position
    return Response(msgspec.json.encode(body), status, media_type="application/json")
