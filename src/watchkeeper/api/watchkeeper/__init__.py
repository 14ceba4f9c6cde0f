"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Mount

from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import imports, openapi, sql
from watchkeeper.store import Store


def routes(core: Core, store: Store, *families: Sequence[BaseRoute]) -> list[BaseRoute]:
    """All of it, `families` of other rooms among it; history is taken where remote write is."""
    receiving = imports.routes(store) if core.options.enable_remote_write else []
    more = [route for family in families for route in family]
    return [Mount("/api/watchkeeper/v1", routes=[*sql.routes(core, store), *receiving, *more, *openapi.routes(core)])]
