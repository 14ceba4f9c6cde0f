"""The query log: one JSON line a query, in Prometheus' layout (`global.query_log_file`)."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request

from watchkeeper.api.prometheus.query_result import statistics_json
from watchkeeper.base.clock import Clock
from watchkeeper.query.promql import Result

logger = logging.getLogger("watchkeeper.query_log")


class QueryLog:
    """Appends to the file that the configuration names, and to none where it names none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._path: Path | None = None
        self._lock = threading.Lock()

    @property
    def is_kept(self) -> bool:
        """Say whether there is a file to write to."""
        return self._path is not None

    def write_to(self, path: Path | None) -> None:
        """Use this file from now on."""
        self._path = path

    def note(self, request: Request, query: dict[str, Any], result: Result | None, error: str | None) -> None:
        """Write down one query; `query` has its text and its start, end and step in ms."""
        path = self._path
        if path is None:
            return
        entry: dict[str, Any] = {
            "httpRequest": {
                "clientIP": request.client.host if request.client else "",
                "method": request.method,
                "path": request.url.path,
            },
            "params": {**query, "start": _rfc3339(query["start"]), "end": _rfc3339(query["end"])},
            "ts": _rfc3339(self._clock.now_ms()),
        }
        entry["params"]["step"] = query["step"] / 1000
        if error is not None:
            entry["error"] = error
        if result is not None:
            entry["stats"] = statistics_json(result, per_step=False)
        try:
            with self._lock, path.open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")
        except OSError as why:
            logger.error("the query log %s cannot be written: %s", path, why)


def _rfc3339(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
