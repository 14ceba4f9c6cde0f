"""Questions in PromQL: `/query`, `/query_range`, `/format_query`, `/parse_query`, `/query_exemplars`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.disconnect import unless_gone
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter, raw_success, success
from watchkeeper.api.prometheus.params import Params, parse_duration_or_seconds_ms
from watchkeeper.api.prometheus.query_log import QueryLog
from watchkeeper.api.prometheus.query_result import result_json
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.query.promql import (
    Cancellation,
    Engine,
    ParseFailure,
    PromqlFailure,
    QueryCancelled,
    QueryTimedOut,
    Result,
    WrongType,
    parse,
    to_pretty,
    tree_json,
)

T = TypeVar("T")

_MOST_POINTS = 11_000


class QueryMetrics:
    """How queries go, by `query` or `query_range`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge("watchkeeper_queries", "Queries that run or wait for a thread.", registry=registry)
        self.most = Gauge("watchkeeper_queries_concurrent_max", "How many may run at once.", registry=registry)
        self.seconds = Histogram(
            "watchkeeper_query_duration_seconds",
            "How long queries take, waiting included.",
            ["kind"],
            registry=registry,
            buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60),
        )
        self.failures = Counter(
            "watchkeeper_query_failures", "Queries that failed, by why.", ["why"], registry=registry
        )
        self.samples = Counter("watchkeeper_query_samples", "Samples that queries read.", registry=registry)


class Queries:
    """Runs queries in worker threads, so many at a time and no longer than they may; a client that leaves ends its."""

    def __init__(self, core: Core, engine: Engine, log: QueryLog, concurrency: int, timeout_ms: int) -> None:
        self._core = core
        self._engine = engine
        self._log = log
        self._timeout_ms = timeout_ms
        self._concurrency = concurrency
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="query")
        self._metrics = QueryMetrics(core.registry)
        self._metrics.most.set(concurrency)

    def bound(self, concurrency: int, timeout_ms: int) -> None:
        """Let so many queries run at once, each so long, from the next one on."""
        self._timeout_ms = timeout_ms
        if concurrency != self._concurrency:
            former, self._threads = self._threads, ThreadPoolExecutor(concurrency, thread_name_prefix="query")
            former.shutdown(wait=False)
            self._concurrency = concurrency
            self._metrics.most.set(concurrency)

    def close(self) -> None:
        """Take no further queries."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def routes(self) -> list[BaseRoute]:
        """The routes below `/api/v1`."""
        return [
            Route("/query", self._instant, methods=["GET", "POST"]),
            Route("/query_range", self._range, methods=["GET", "POST"]),
            Route("/format_query", _format, methods=["GET", "POST"]),
            Route("/parse_query", _parse, methods=["GET", "POST"]),
        ]

    async def _instant(self, request: Request) -> Response:
        params = await Params.of(request)
        query, tenant = params.text("query"), tenant_of(request)
        at = params.time_ms("time", self._core.clock.now_ms())
        limit, lookback, counting = params.limit(), self._lookback(params), self._counting(params)

        def run(cancellation: Cancellation, timeout_s: float) -> Result:
            return self._engine.instant(
                query,
                at,
                tenant=tenant,
                lookback_ms=lookback,
                cancellation=cancellation,
                timeout_s=timeout_s,
                per_step=counting,
            )

        entry = {"query": query, "start": at, "end": at, "step": 0}
        return await self._answer(request, params, "query", entry, run, limit)

    async def _range(self, request: Request) -> Response:
        params = await Params.of(request)
        query, tenant = params.text("query"), tenant_of(request)
        start, end = params.time_ms("start"), params.time_ms("end")
        if end < start:
            raise bad_parameter("end", "end timestamp must not be before start time")
        step = params.duration_ms("step")
        if step is None:
            raise bad_parameter("step", 'cannot parse "" to a valid duration')
        if step < 0 or (step == 0 and not _is_below_a_millisecond(params.text("step"))):
            raise bad_parameter(
                "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
            )
        step = max(step, 1)
        if (end - start) // step > _MOST_POINTS:
            raise ApiFailure(
                ErrorType.BAD_DATA,
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)",
            )
        limit, lookback, counting = params.limit(), self._lookback(params), self._counting(params)

        def run(cancellation: Cancellation, timeout_s: float) -> Result:
            return self._engine.range(
                query,
                start,
                end,
                step,
                tenant=tenant,
                lookback_ms=lookback,
                cancellation=cancellation,
                timeout_s=timeout_s,
                per_step=counting,
            )

        entry = {"query": query, "start": start, "end": end, "step": step}
        return await self._answer(request, params, "query_range", entry, run, limit)

    def _counting(self, params: Params) -> bool:
        return params.text("stats") != "" or self._log.is_kept

    def _lookback(self, params: Params) -> int | None:
        text = params.text("lookback_delta")
        if text == "":
            return None
        try:
            lookback = parse_duration_or_seconds_ms(text)
        except ValueError as why:
            raise ApiFailure(ErrorType.BAD_DATA, f"error parsing lookback delta duration: {why}") from None
        return lookback if lookback > 0 else None

    async def _answer(
        self,
        request: Request,
        params: Params,
        kind: str,
        entry: dict[str, Any],
        run: Callable[[Cancellation, float], Result],
        limit: int,
    ) -> Response:
        asked = params.duration_ms("timeout")
        timeout_s = min(self._timeout_ms if asked is None else asked, self._timeout_ms) / 1000
        stats = params.text("stats")

        def whole(cancellation: Cancellation, left_s: float) -> tuple[Result, Response]:
            result = run(cancellation, left_s)
            cut, data = result_json(result, limit, stats)
            warnings = (*result.warnings, "results truncated due to limit") if cut else result.warnings
            return result, raw_success(data, warnings, result.infos)

        with self._metrics.seconds.labels(kind).time(), self._metrics.running.track_inprogress():
            try:
                result, response = await self._run(request, whole, timeout_s)
            except PromqlFailure as why:
                failure = _as_api(why, kind)
                self._metrics.failures.labels(failure.type.word).inc()
                self._log.note(request, entry, None, str(why))
                raise failure from None
        self._metrics.samples.inc(result.statistics.peak)
        self._log.note(request, entry, result, None)
        return response

    async def _run(self, request: Request, whole: Callable[[Cancellation, float], T], timeout_s: float) -> T:
        cancellation = Cancellation()
        deadline = self._core.clock.monotonic_s() + timeout_s

        def timed() -> T:
            left = deadline - self._core.clock.monotonic_s()
            if cancellation.cancelled:
                raise QueryCancelled
            if left <= 0:
                raise QueryTimedOut
            return whole(cancellation, left)

        query = asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(self._threads, timed))
        return await unless_gone(request, query, cancellation.cancel)


def _is_below_a_millisecond(step: str) -> bool:
    """Say whether a step of 0 ms was rounded down from something longer than nothing."""
    return re.fullmatch(r"[0.]*|0+[a-z]+", step) is None


def _as_api(why: PromqlFailure, kind: str) -> ApiFailure:
    if isinstance(why, ParseFailure | WrongType):
        text = f'invalid parameter "query": {why}'
        return ApiFailure(ErrorType.BAD_DATA, text)
    if isinstance(why, QueryTimedOut):
        return ApiFailure(ErrorType.TIMEOUT, str(why))
    if isinstance(why, QueryCancelled):
        return ApiFailure(ErrorType.CANCELED, str(why))
    return ApiFailure(ErrorType.EXECUTION, str(why))


async def _format(request: Request) -> Response:
    params = await Params.of(request)
    try:
        return success(to_pretty(parse(params.text("query"))))
    except ParseFailure as why:
        raise bad_parameter("query", why) from None


async def _parse(request: Request) -> Response:
    params = await Params.of(request)
    try:
        return raw_success(msgspec.json.encode(tree_json(parse(params.text("query")))))
    except ParseFailure as why:
        raise bad_parameter("query", why) from None
