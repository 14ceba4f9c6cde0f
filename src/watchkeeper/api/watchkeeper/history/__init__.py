"""History and explanations: `/journal`, `/alerts/{fingerprint}/why`, `/routes/test`."""

from __future__ import annotations

from starlette.routing import Route

from watchkeeper.alerts import Alerts
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper.history import journal, why
from watchkeeper.api.watchkeeper.history.story import Outlooks
from watchkeeper.journal import Journal


def routes(core: Core, room: Alerts, outlooks: Outlooks, kept: Journal) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""
    return [*journal.routes(core.clock, kept), *why.routes(core.clock, room, outlooks, kept)]
