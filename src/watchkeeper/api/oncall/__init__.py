"""What people do about alerts from outside: signed links and their pages, Slack's buttons, answers by phone."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from watchkeeper.api.oncall import acknowledging, silencing, slack, twilio
from watchkeeper.api.oncall.desk import Desk

OPEN_PATHS = r"(?:/ack/t/|/silence/t/|/api/watchkeeper/v1/(?:slack/|twilio/|schedules/[^/?]+\.ics\?.*token=)).*"
"""What needs no login, path, `?` and query: each request there bears a signature that is checked."""

__all__ = ["OPEN_PATHS", "Desk", "callback_routes", "routes"]


def routes(desk: Desk) -> list[BaseRoute]:
    """The pages; callbacks are below our own API (`callback_routes`)."""
    return [*acknowledging.routes(desk), *silencing.routes(desk)]


def callback_routes(desk: Desk) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""
    return [*slack.routes(desk), *twilio.routes(desk)]
