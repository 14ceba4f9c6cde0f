"""History into a running store: `/import/openmetrics`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import IO, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.receive.openmetrics_import import ImportFailure, Source, check
from watchkeeper.receive.openmetrics_import import store as store_all
from watchkeeper.store import Store, StoreFailure

_LARGEST = 4 << 30
_PACKED = {"": False, "identity": False, "gzip": True}
_RETRY_AFTER_S = 2


def routes(store: Store) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""
    # History waits for its turn, so that it never takes more than its share from what comes in now.
    turn = asyncio.Semaphore(1)

    async def openmetrics(request: Request) -> Response:
        tenant, packed = tenant_of(request), _packed(request)
        with tempfile.NamedTemporaryFile(prefix="watchkeeper-import-") as spool:
            await _spool(request, spool)
            source = Source(Path(spool.name), "the body", packed)
            async with turn:
                try:
                    return success(await _import(source, store, tenant))
                except ImportFailure as why:
                    return _refusal(why)

    return [Route("/import/openmetrics", openmetrics, methods=["POST"])]


def _packed(request: Request) -> bool:
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in _PACKED:
        raise HTTPException(415, f'the body is encoded as "{encoding}": right would be gzip or none')
    return _PACKED[encoding]


async def _spool(request: Request, spool: IO[bytes]) -> None:
    """Put the body on disk: it is read twice, and may be larger than memory."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _LARGEST:
            raise HTTPException(413, f"the body is larger than {_LARGEST} bytes")
        try:
            spool.write(chunk)
            spool.flush()
        except OSError as error:
            message = f"the body cannot be put into {tempfile.gettempdir()}: {error}"
            raise ApiFailure(ErrorType.UNAVAILABLE, message, _RETRY_AFTER_S) from error


async def _import(source: Source, store: Store, tenant: str) -> dict[str, Any]:
    checked = await asyncio.to_thread(check, source, lambda _: None)
    try:
        outcome = await store_all(source, store, tenant, lambda _: None)
    except StoreFailure as why:
        message = f"{why} (some of the body may be stored: sending all of it again is right)"
        if why.retryable:
            raise ApiFailure(ErrorType.UNAVAILABLE, message, _RETRY_AFTER_S) from why
        raise ApiFailure(ErrorType.INTERNAL, message) from why
    return {
        "samples": outcome.accepted,
        "series": checked.series,
        "refused": outcome.refused,
        "reasons": outcome.reasons,
        "minTime": checked.first_ms,
        "maxTime": checked.last_ms,
    }


def _refusal(why: ImportFailure) -> Response:
    body: dict[str, Any] = {"status": "error", "errorType": ErrorType.BAD_DATA.word, "error": str(why)}
    if why.line:
        body["line"] = why.line
    return Response(msgspec.json.encode(body), ErrorType.BAD_DATA.status, media_type="application/json")
