"""Which series, labels and values there are: `/series`, `/labels`, `/label/<name>/values`, `/metadata`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter, raw_success, success
from watchkeeper.api.prometheus.params import MAX_TIME_MS, MIN_TIME_MS, Params
from watchkeeper.api.prometheus.result_json import LabelWriter
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.store import Store

_TRUNCATED = "results truncated due to limit"
_ESCAPED = re.compile(r"_(?:_|([0-9a-fA-F]{1,6})_)")


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
        return raw_success(b"[" + b",".join(rows) + b"]", warnings)

    async def label_names(request: Request) -> Response:
        params = await Params.of(request)
        start, end = _range(params)
        limit = params.limit()
        names = await core.readers.run(
            store.label_names, tenant_of(request), params.matcher_sets(), start, end, _one_more(limit)
        )
        found = list(names)
        warnings = _cut(found, limit)
        return success(found, warnings)

    async def label_values(request: Request) -> Response:
        params = await Params.of(request)
        name = unescaped(request.path_params["name"])
        if not name:
            raise ApiFailure(ErrorType.BAD_DATA, 'invalid label name: ""')
        start, end = _range(params)
        limit = params.limit()
        values = await core.readers.run(
            store.label_values, tenant_of(request), name, params.matcher_sets(), start, end, _one_more(limit)
        )
        found = list(values)
        warnings = _cut(found, limit)
        return success(found, warnings)

    async def metadata(request: Request) -> Response:
        params = await Params.of(request)
        limit, per_metric = params.limit(), params.limit("limit_per_metric")
        known = await core.readers.run(store.metadata, tenant_of(request), params.text("metric") or None, limit)
        by_metric = {
            metric: [{"type": e.type, "help": e.help, "unit": e.unit} for e in entries[: per_metric or None]]
            for metric, entries in known.items()
        }
        return success(by_metric)

    return [
        Route("/series", series, methods=["GET", "POST"]),
        Route("/labels", label_names, methods=["GET", "POST"]),
        Route("/label/{name}/values", label_values, methods=["GET"]),
        Route("/metadata", metadata, methods=["GET"]),
    ]


def _range(params: Params) -> tuple[int, int]:
    start, end = params.time_ms("start", MIN_TIME_MS), params.time_ms("end", MAX_TIME_MS)
    if end < start:
        raise bad_parameter("end", "end timestamp must not be before start time")
    return start, end


def _one_more(limit: int) -> int:
    """How many to ask for so that one sees whether something was cut off."""
    return limit + 1 if limit else 0


def _cut(found: list[Any], limit: int) -> Sequence[str]:
    if not limit or len(found) <= limit:
        return ()
    del found[limit:]
    return (_TRUNCATED,)


def unescaped(name: str) -> str:
    """A label's name from a path: `U__` marks names that were escaped, `_2e_` for a dot and `__` for an underscore."""
    if not name.startswith("U__"):
        return name
    return _ESCAPED.sub(lambda m: "_" if m.group(1) is None else chr(int(m.group(1), 16)), name[3:])
