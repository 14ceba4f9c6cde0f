"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route

from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import imports, openapi, sql
from watchkeeper.store import Store

PREFIX = "/api/watchkeeper/v1"


def routes(core: Core, store: Store) -> list[BaseRoute]:
    """What any process answers; history is taken where remote write is."""
    receiving = imports.routes(store) if core.options.enable_remote_write else []
    return below([*sql.routes(core, store), *receiving, *openapi.routes(core)])


def below(routes: Iterable[Route]) -> list[BaseRoute]:
    """Routes of our own API at their whole paths: what is not found among them may be found among others."""
    return [Route(PREFIX + one.path, one.endpoint, methods=sorted(one.methods or ("GET",))) for one in routes]
