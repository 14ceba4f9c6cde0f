"""Which series, labels and values there are: `/series`, `/labels`, `/label/<name>/values`, `/metadata`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, raw_success, success
from watchkeeper.api.prometheus.names import unescaped
from watchkeeper.api.prometheus.params import MAX_TIME_MS, MIN_TIME_MS, Params, whole_number
from watchkeeper.api.prometheus.result_json import LabelWriter
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.store import Store

_TRUNCATED = "results truncated due to limit"


def routes(core: Core, store: Store) -> list[BaseRoute]:
    """The routes below `/api/v1`."""

    async def series(request: Request) -> Response:
        params = await Params.of(request)
        sets = params.matcher_sets()
        if not sets:
            raise ApiFailure(ErrorType.BAD_DATA, "no match[] parameter provided")
        start, end = _range(params)
        limit = params.limit()
        frame = await core.readers.run(store.series, tenant_of(request), sets, start, end, _one_more(limit))
        labels = LabelWriter(frame)
        rows = [labels.row(i) for i in range(len(frame))]
        warnings = _cut(rows, limit)
        rows.sort()
        return raw_success(b"[" + b",".join(rows) + b"]", warnings)

    async def drop_series(request: Request) -> Response:
        raise ApiFailure(ErrorType.INTERNAL, "not implemented")

    async def label_names(request: Request) -> Response:
        params = await Params.of(request)
        start, end = _range(params)
        limit = params.limit()
        names = await core.readers.run(
            store.label_names, tenant_of(request), params.matcher_sets(plain=True), start, end, _one_more(limit)
        )
        found = list(names)
        warnings = _cut(found, limit)
        return success(found, warnings)

    async def label_values(request: Request) -> Response:
        params = await Params.of(request)
        name = _label_name(request)
        start, end = _range(params)
        limit = params.limit()
        values = await core.readers.run(
            store.label_values, tenant_of(request), name, params.matcher_sets(plain=True), start, end, _one_more(limit)
        )
        found = list(values)
        warnings = _cut(found, limit)
        return success(found, warnings)

    async def metadata(request: Request) -> Response:
        params = await Params.of(request)
        limit, per_metric = _most(params, "limit"), _most(params, "limit_per_metric")
        known = await core.readers.run(store.metadata, tenant_of(request), params.text("metric") or None, limit)
        by_metric = {
            metric: [{"type": e.type, "help": e.help, "unit": e.unit} for e in entries[: per_metric or None]]
            for metric, entries in known.items()
        }
        return success(by_metric)

    return [
        Route("/series", series, methods=["GET", "POST"]),
        Route("/series", drop_series, methods=["DELETE"]),
        Route("/labels", label_names, methods=["GET", "POST"]),
        Route("/label/{name}/values", label_values, methods=["GET"]),
        Route("/metadata", metadata, methods=["GET"]),
    ]


def _range(params: Params) -> tuple[int, int]:
    return params.time_ms("start", MIN_TIME_MS), params.time_ms("end", MAX_TIME_MS)


def _most(params: Params, name: str) -> int:
    """An upper bound where anything below 1 means none."""
    text = params.text(name)
    number = whole_number(text) if text else 0
    if number is None:
        raise ApiFailure(ErrorType.BAD_DATA, f"{name} must be a number")
    return max(number, 0)


def _label_name(request: Request) -> str:
    name: str = request.path_params["name"]
    raw: bytes = request.scope.get("raw_path", b"")
    if not name or ("\ufffd" in name and b"%ef%bf%bd" not in raw.lower()):
        raise ApiFailure(ErrorType.BAD_DATA, f'invalid label name: "{name}"')
    return unescaped(name)


def _one_more(limit: int) -> int:
    """How many to ask for so that one sees whether something was cut off."""
    return limit + 1 if limit else 0


def _cut(found: list[Any], limit: int) -> Sequence[str]:
    if not limit or len(found) <= limit:
        return ()
    del found[limit:]
    return (_TRUNCATED,)
