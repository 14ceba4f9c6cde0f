"""What this server can do, for clients that ask before they use it: `/features`."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import success
from watchkeeper.api.rooms import Core
from watchkeeper.query.promql.ast import AggregateOp, BinaryOp
from watchkeeper.query.promql.signatures import SIGNATURES


def routes(core: Core) -> list[BaseRoute]:
    """The route below `/api/v1`."""

    async def features(request: Request) -> Response:
        return success(_features(core))

    return [Route("/features", features)]


def _features(core: Core) -> Mapping[str, Mapping[str, bool]]:
    flags = frozenset(core.options.flags.get("enable-feature", "").split(","))
    return {
        "api": {
            "admin": core.options.enable_admin,
            "exclude_alerts": True,
            "label_values_match": True,
            "lifecycle": core.lifecycle.reload is not None,
            "otlp_write_receiver": True,
            "query_stats": True,
            "query_warnings": True,
            "remote_write_receiver": core.options.enable_remote_write,
            "time_range_labels": True,
            "time_range_series": True,
        },
        "promql": {
            "anchored": True,
            "at_modifier": True,
            "bool": True,
            "by": True,
            "delayed_name_removal": "promql-delayed-name-removal" in flags,
            "duration_expr": True,
            "fill": True,
            "group_left": True,
            "group_right": True,
            "ignoring": True,
            "negative_offset": True,
            "offset": True,
            "on": True,
            "per_query_lookback_delta": True,
            "per_step_stats": True,
            "smoothed": True,
            "subqueries": True,
            "type_and_unit_labels": "type-and-unit-labels" in flags,
            "without": True,
        },
        "promql_functions": dict.fromkeys(sorted(SIGNATURES), True),
        "promql_operators": dict.fromkeys(
            sorted([*(op.value for op in BinaryOp), *(op.value for op in AggregateOp)]), True
        ),
    }
