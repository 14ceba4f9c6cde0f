"""Deleting series and keeping copies: `/admin/tsdb/…`, where `--web.enable-admin-api` allows it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, no_content, success
from watchkeeper.api.prometheus.params import MAX_TIME_MS, MIN_TIME_MS, Params
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.store import Store

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def routes(core: Core, store: Store) -> list[BaseRoute]:
    """The routes below `/api/v1/admin/tsdb`."""

    async def delete_series(request: Request) -> Response:
        params = await Params.of(request)
        sets = params.matcher_sets()
        if not sets:
            raise ApiFailure(ErrorType.BAD_DATA, "no match[] parameter provided")
        start, end = params.time_ms("start", MIN_TIME_MS), params.time_ms("end", MAX_TIME_MS)
        await store.delete_series(tenant_of(request), sets, start, end)
        return no_content()

    async def clean_tombstones(request: Request) -> Response:
        await store.clean_tombstones()
        return no_content()

    async def snapshot(request: Request) -> Response:
        now = datetime.fromtimestamp(core.clock.now_ms() / 1000, UTC)
        name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}"
        await store.snapshot(name)
        return success({"name": name})

    def allowed(endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            if not core.options.enable_admin:
                raise ApiFailure(ErrorType.UNAVAILABLE, "admin APIs disabled (start with --web.enable-admin-api)")
            return await endpoint(request)

        return checked

    methods = ["POST", "PUT"]
    return [
        Route("/admin/tsdb/delete_series", allowed(delete_series), methods=methods),
        Route("/admin/tsdb/clean_tombstones", allowed(clean_tombstones), methods=methods),
        Route("/admin/tsdb/snapshot", allowed(snapshot), methods=methods),
    ]
