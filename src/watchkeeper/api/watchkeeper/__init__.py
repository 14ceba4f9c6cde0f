"""Our own API, below `/api/watchkeeper/v1`."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route

PREFIX = "/api/watchkeeper/v1"


def below(routes: Iterable[Route]) -> list[BaseRoute]:
    """Routes of our own API at their whole paths: what is not found among them may be found among others."""
    return [Route(PREFIX + one.path, one.endpoint, methods=sorted(one.methods or ("GET",))) for one in routes]
