"""Rules over the past: `/rules/backtest`."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.body import read_body
from watchkeeper.api.disconnect import unless_gone
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.failure import Failure
from watchkeeper.query.promql import Cancellation, PromqlFailure, QueryCancelled, QueryTimedOut
from watchkeeper.rules.backtest import Order
from watchkeeper.store import StoreFailure

_LARGEST = 4 << 20


class Backtests(Protocol):
    """What makes backtests."""

    async def run(self, order: Order, tenant: str, cancellation: Cancellation) -> dict[str, Any]:
        """The answer. Raises Failure."""
        ...


def routes(backtests: Backtests) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def backtest(request: Request) -> Response:
        order, tenant = _order(await read_body(request, _LARGEST)), tenant_of(request)
        cancellation = Cancellation()
        work = asyncio.ensure_future(backtests.run(order, tenant, cancellation))
        try:
            return success(await unless_gone(request, work, cancellation.cancel))
        except Failure as why:
            raise _as_api(why) from None

    return [Route("/rules/backtest", backtest, methods=["POST"])]


def _order(body: bytes) -> Order:
    try:
        decoded = msgspec.json.decode(body, type=dict[str, Any])
        unknown = sorted(decoded.keys() - Order.__slots__)
        if unknown:
            raise ApiFailure(ErrorType.BAD_DATA, f'unknown key "{unknown[0]}": {", ".join(Order.__slots__)} are known')
        return msgspec.convert(decoded, Order)
    except msgspec.MsgspecError as why:
        raise ApiFailure(ErrorType.BAD_DATA, f"the body is no order of a backtest: {why}") from None


def _as_api(why: Failure) -> ApiFailure:
    if isinstance(why, ApiFailure):
        return why
    if isinstance(why, QueryCancelled):
        return ApiFailure(ErrorType.CANCELED, str(why))
    if isinstance(why, QueryTimedOut):
        return ApiFailure(ErrorType.TIMEOUT, str(why))
    if isinstance(why, StoreFailure):
        kind = ErrorType.UNAVAILABLE if why.retryable else ErrorType.INTERNAL
        return ApiFailure(kind, str(why), 1 if why.retryable else None)
    return ApiFailure(ErrorType.EXECUTION if isinstance(why, PromqlFailure) else ErrorType.BAD_DATA, str(why))
