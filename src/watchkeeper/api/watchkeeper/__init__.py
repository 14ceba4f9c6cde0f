"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Mount

from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import imports, openapi, sql
from watchkeeper.store import Store


def routes(core: Core, store: Store, *further: Sequence[BaseRoute]) -> list[BaseRoute]:
    """All of it, with further rooms' routes; samples of old are taken where remote write is."""
    receiving = imports.routes(store) if core.options.enable_remote_write else []
    rest = [route for routes in further for route in routes]
    return [Mount("/api/watchkeeper/v1", routes=[*sql.routes(core, store), *receiving, *rest, *openapi.routes(core)])]
