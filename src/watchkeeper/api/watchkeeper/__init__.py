"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import imports, openapi, receivers, sql
from watchkeeper.notify import Notify
from watchkeeper.store import Store


def routes(core: Core, store: Store, notify: Notify) -> list[BaseRoute]:
    """All of it; history is taken where remote write is."""
    receiving = imports.routes(store) if core.options.enable_remote_write else []
    return [
        Mount(
            "/api/watchkeeper/v1",
            routes=[*sql.routes(core, store), *receiving, *receivers.routes(notify), *openapi.routes(core)],
        )
    ]
