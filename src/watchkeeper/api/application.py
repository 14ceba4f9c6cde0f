"""All HTTP faces as one ASGI application."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

from watchkeeper.api.guard import FrontDoor, Guard
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, failure
from watchkeeper.base.failure import Failure
from watchkeeper.store import StoreFailure

logger = logging.getLogger("watchkeeper.api")

_OURS = "/api/watchkeeper/"
_SMALLEST_COMPRESSED = 1024
_TOKEN = re.compile(r"/t/[^/]+$")


def application(
    routes: Sequence[BaseRoute], door: FrontDoor, route_prefix: str, middleware: Sequence[Middleware] = ()
) -> Starlette:
    """The application that serves `routes` below `route_prefix`, behind the front door and then `middleware`."""
    mounted: list[BaseRoute] = list(routes)
    if route_prefix:
        home = _to(route_prefix + "/")
        mounted = [Route("/", home), Route(route_prefix, home), Mount(route_prefix, routes=list(routes))]
    made = Starlette(
        routes=mounted,
        middleware=[
            Middleware(Guard, door=door),
            *middleware,
            Middleware(GZipMiddleware, minimum_size=_SMALLEST_COMPRESSED, compresslevel=1),
        ],
        exception_handlers={
            ApiFailure: _api_failure,
            Failure: _failure,
            HTTPException: _http_failure,
            ClientDisconnect: _client_gone,
            Exception: _bug,
        },
    )
    made.router.redirect_slashes = False
    return made


def _to(path: str) -> Callable[[Request], Awaitable[Response]]:
    async def redirect(request: Request) -> Response:
        return RedirectResponse(path, 302)

    return redirect


async def _api_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiFailure)
    return failure(error)


async def _failure(request: Request, error: Exception) -> Response:
    retryable = isinstance(error, Failure) and error.retryable
    if isinstance(error, StoreFailure):
        logger.warning("%s %s: %s", request.method, _shown(request), error)
    kind = ErrorType.UNAVAILABLE if retryable else ErrorType.INTERNAL
    return failure(ApiFailure(kind, str(error), retry_after_s=1 if retryable else None))


async def _http_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _OURS in request.url.path and error.status_code == 405:
        right = ", ".join(sorted(_methods(request.app.routes, request.scope))) or "another"
        answer = failure(ApiFailure(ErrorType.METHOD, f"{request.method} {request.url.path}: right would be {right}"))
        answer.headers["Allow"] = right
        return answer
    if "/api/" in request.url.path and error.status_code == 404:
        return failure(ApiFailure(ErrorType.NOT_FOUND, f"there is nothing at {request.url.path}"))
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


def _methods(routes: Sequence[BaseRoute], scope: Scope) -> set[str]:
    """What may be done at the path of a request."""
    found: set[str] = set()
    for route in routes:
        match, below = route.matches(scope)
        if match is Match.NONE:
            continue
        if isinstance(route, Route):
            found |= route.methods or set()
        else:
            within: Sequence[BaseRoute] = getattr(route, "routes", ())
            found |= _methods(within, {**scope, **below})
    return found


async def _client_gone(request: Request, error: Exception) -> Response:
    return failure(ApiFailure(ErrorType.CANCELED, "the client has gone before its request was whole"))


async def _bug(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, _shown(request), exc_info=error)
    return failure(ApiFailure(ErrorType.INTERNAL, "an error of ours; our log says more"))


def _shown(request: Request) -> str:
    """The path as the log may have it: whoever has a signed link may use it."""
    return _TOKEN.sub("/t/…", request.url.path)
