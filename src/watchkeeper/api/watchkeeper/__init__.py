"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route

from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import deployments, imports, incidents, openapi, runbooks, sql
from watchkeeper.oncall.incident import Incidents
from watchkeeper.store import Store

PREFIX = "/api/watchkeeper/v1"


def routes(core: Core, store: Store) -> list[BaseRoute]:
    """What every process answers itself; history is taken where remote write is."""
    receiving = imports.routes(store) if core.options.enable_remote_write else []
    return _below([*sql.routes(core, store), *receiving, *openapi.routes(core)])


def incident_routes(core: Core, room: Incidents) -> list[BaseRoute]:
    """What the process answers that tells people: incidents, their runbooks, deployments."""
    own = [*incidents.routes(core, room), *runbooks.routes(room), *deployments.routes(core, room)]
    return _below(own)


def _below(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The routes with their prefix; not mounted: a mount would take what others answer below the same prefix."""
    return [
        Route(PREFIX + route.path, route.endpoint, methods=route.methods) if isinstance(route, Route) else route
        for route in routes
    ]
