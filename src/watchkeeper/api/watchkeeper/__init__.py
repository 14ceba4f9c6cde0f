"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from watchkeeper.api.oncall import Desk, callback_routes
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import acknowledgements, imports, openapi, sql
from watchkeeper.store import Store


def routes(core: Core, store: Store, desk: Desk) -> list[BaseRoute]:
    """All of it; history is taken where remote write is."""
    receiving = imports.routes(store) if core.options.enable_remote_write else []
    answering = [*acknowledgements.routes(desk), *callback_routes(desk)]
    own = [*sql.routes(core, store), *receiving, *answering, *openapi.routes(core)]
    return [Mount("/api/watchkeeper/v1", routes=own)]
