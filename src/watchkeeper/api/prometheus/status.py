"""What runs and how: `/status/…`."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.build import build_json
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.prometheus.params import Params, whole_number
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.tenant import tenant_of
from watchkeeper.store import Store
from watchkeeper.store.index import Count

_MOST = 10_000


def routes(core: Core, store: Store, running: Running) -> list[BaseRoute]:
    """The routes below `/api/v1/status`."""

    async def config(request: Request) -> Response:
        return success({"yaml": running.configuration_yaml()})

    async def flags(request: Request) -> Response:
        return success(dict(core.options.flags))

    async def build_info(request: Request) -> Response:
        return success(build_json(core.build))

    async def runtime_info(request: Request) -> Response:
        successful, loaded_ms = running.last_reload()
        return success(
            {
                "startTime": _rfc3339(running.started_ms),
                "CWD": os.getcwd(),  # noqa: PTH109  # only shown
                "hostname": os.uname().nodename,
                "serverTime": _rfc3339(core.clock.now_ms()),
                "reloadConfigSuccess": successful,
                "lastConfigTime": _rfc3339(loaded_ms),
                "corruptionCount": 0,
                "goroutineCount": threading.active_count(),
                "GOMAXPROCS": os.cpu_count() or 1,
                "GOMEMLIMIT": 0,
                "GOGC": str(gc.get_threshold()[0]),
                "GODEBUG": "",
                "storageRetention": running.retention_text(),
            }
        )

    async def tsdb(request: Request) -> Response:
        params = await Params.of(request)
        limit = whole_number(params.text("limit", "10"))
        if limit is None or limit < 1:
            raise ApiFailure(ErrorType.BAD_DATA, "limit must be a positive number")
        if limit > _MOST:
            raise ApiFailure(ErrorType.BAD_DATA, f"limit must not exceed {_MOST}")
        status = await core.readers.run(store.tsdb_status, tenant_of(request), limit)
        return success(
            {
                "headStats": {
                    "numSeries": status.series,
                    "numLabelPairs": status.label_pairs,
                    "chunkCount": 0,
                    "minTime": status.min_time if status.min_time is not None else core.clock.now_ms(),
                    "maxTime": status.max_time if status.max_time is not None else core.clock.now_ms(),
                },
                "seriesCountByMetricName": _counts(status.series_by_metric),
                "labelValueCountByLabelName": _counts(status.values_by_label),
                "memoryInBytesByLabelName": _counts(status.bytes_by_label),
                "seriesCountByLabelValuePair": _counts(status.series_by_pair),
                "seriesRefused": [
                    {"metric": r.metric, "reason": r.reason, "count": r.count}
                    for r in store.index.refusals()
                    if r.tenant == tenant_of(request)
                ],
            }
        )

    async def wal_replay(request: Request) -> Response:
        return success({"min": 0, "max": 0, "current": 0})

    return [
        Route("/status/config", config),
        Route("/status/flags", flags),
        Route("/status/buildinfo", build_info),
        Route("/status/runtimeinfo", runtime_info),
        Route("/status/tsdb", tsdb),
        Route("/status/walreplay", wal_replay),
    ]


def _counts(counts: Sequence[Count]) -> list[dict[str, Any]]:
    return [{"name": count.name, "value": count.value} for count in counts]


def _rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
