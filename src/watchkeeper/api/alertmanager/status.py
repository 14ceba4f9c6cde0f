"""`/status` and `/receivers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.api.alertmanager.answer import answer
from watchkeeper.api.alertmanager.build import build_json
from watchkeeper.api.alertmanager.times import time_text
from watchkeeper.api.rooms import BuildInfo, Running


class Routed(Protocol):
    """What is configured about alerts."""

    def alertmanager_yaml(self) -> str:
        """The part of the configuration that Alertmanager knows, secrets hidden."""
        ...

    def receiver_names(self) -> Sequence[str]:
        """Every receiver, in the order of the file."""
        ...


class StatusFace:
    """What can be asked of the process."""

    def __init__(self, routed: Routed, running: Running, build: BuildInfo) -> None:
        self._routed = routed
        self._running = running
        self._build = build

    async def show(self, request: Request) -> Response:
        """Since when what runs, and by which configuration."""
        return answer(
            {
                "cluster": {"peers": [], "status": "disabled"},
                "config": {"original": self._routed.alertmanager_yaml()},
                "uptime": time_text(self._running.started_ms),
                "versionInfo": build_json(self._build),
            }
        )

    async def receivers(self, request: Request) -> Response:
        """Every receiver."""
        names = self._routed.receiver_names()
        return answer([{"labels": {"name": name}, "name": name} for name in names])
