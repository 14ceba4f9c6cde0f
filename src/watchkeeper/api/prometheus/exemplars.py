"""Exemplars of the series in an expression: `/query_exemplars`."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, no_content, success
from watchkeeper.api.prometheus.params import MAX_TIME_MS, MIN_TIME_MS, Params
from watchkeeper.api.prometheus.result_json import float_text, seconds_text
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.model.samples import Exemplar
from watchkeeper.query.promql import ParseFailure, VectorSelector, parse, walk
from watchkeeper.store import Store


def routes(core: Core, store: Store) -> list[BaseRoute]:
    """The route below `/api/v1`."""

    async def query_exemplars(request: Request) -> Response:
        params = await Params.of(request)
        start, end = params.time_ms("start", MIN_TIME_MS), params.time_ms("end", MAX_TIME_MS)
        if end < start:
            raise ApiFailure(ErrorType.BAD_DATA, "end timestamp must not be before start timestamp")
        try:
            expr = parse(params.text("query"))
        except ParseFailure as why:
            raise ApiFailure(ErrorType.BAD_DATA, str(why)) from None
        sets = [node.matchers for node in walk(expr) if isinstance(node, VectorSelector)]
        if not sets:
            return no_content()
        frame, found = await core.readers.run(store.exemplars, tenant_of(request), sets, start, end)
        by_series: dict[int, list[dict[str, Any]]] = {}
        for exemplar in found:
            by_series.setdefault(exemplar.ref, []).append(_json(exemplar))
        return success(
            [
                {"seriesLabels": dict(frame.labels(row)), "exemplars": exemplars}
                for row, exemplars in sorted(by_series.items())
            ]
        )

    return [Route("/query_exemplars", query_exemplars, methods=["GET", "POST"])]


def _json(exemplar: Exemplar) -> dict[str, Any]:
    return {
        "labels": dict(exemplar.labels),
        "value": float_text(exemplar.value),
        "timestamp": msgspec.Raw(seconds_text(exemplar.timestamp)),
    }
