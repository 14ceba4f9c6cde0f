"""`/status` and `/receivers`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.api.alertmanager.answer import answer
from watchkeeper.api.alertmanager.build import build_json
from watchkeeper.api.alertmanager.filters import labelled_receivers
from watchkeeper.api.alertmanager.routed import Routed
from watchkeeper.api.alertmanager.times import time_text
from watchkeeper.api.rooms import BuildInfo, Running


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
        """The receivers that `receiver_matchers` want, or every one."""
        receivers, wanted = self._routed.receivers(), labelled_receivers(request, self._routed)
        return answer([{"labels": labels, "name": name} for name, labels in receivers.items() if wanted(name)])
