"""All of Prometheus' API as routes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Mount


def api(*families: Sequence[BaseRoute]) -> BaseRoute:
    """The routes of several modules below `/api/v1`."""
    return Mount("/api/v1", routes=[route for family in families for route in family])
