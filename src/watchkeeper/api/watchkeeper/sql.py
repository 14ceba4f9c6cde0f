"""Read-only SQL over the tenant's own views: `/sql`."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.body import read_body
from watchkeeper.api.disconnect import unless_gone
from watchkeeper.api.prometheus.params import Params
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


def routes(core: Core, store: Store) -> list[BaseRoute]:
    """The route below `/api/watchkeeper/v1`."""

    async def sql(request: Request) -> Response:
        params = await Params.of(request)
        form = params.text("format", "json")
        statement = await _statement(request, params)
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


async def _statement(request: Request, params: Params) -> str:
    """`query` of the URL or the form; else the body itself."""
    given = params.text("query")
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if given or request.method != "POST" or media == _FORM:
        return given
    try:
        return (await read_body(request, _LARGEST)).decode()
    except UnicodeDecodeError:
        raise SqlRefused("the statement is not UTF-8") from None


def _refusal(kind: str, why: str, status: int, position: int = -1) -> Response:
    body: dict[str, Any] = {"status": "error", "errorType": kind, "error": why}
    if position >= 0:
        body["position"] = position
    return Response(msgspec.json.encode(body), status, media_type="application/json")
