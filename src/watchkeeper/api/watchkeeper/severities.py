"""What severities mean: `/severities`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import success
from watchkeeper.base.duration import format_duration
from watchkeeper.model.business_hours import BusinessHours
from watchkeeper.model.severity import Severities, Severity

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def routes(severities: Callable[[], Severities]) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def show(request: Request) -> Response:
        known = severities()
        return success(
            {
                "label": known.label,
                "levels": [_level(one) for one in known.levels],
                "business_hours": _hours(known.business_hours),
            }
        )

    return [Route("/severities", show, methods=["GET"])]


def _level(severity: Severity) -> dict[str, Any]:
    within = "next_business_day" if severity.by_next_business_day else None
    if severity.respond_within_ms is not None:
        within = format_duration(severity.respond_within_ms)
    return {
        "name": severity.name,
        "aliases": severity.aliases,
        "respond_within": within,
        "hours": severity.hours.value,
        "color": severity.color,
    }


def _hours(hours: BusinessHours) -> dict[str, Any]:
    return {
        "time_zone": hours.time_zone,
        "days": [_DAYS[day] for day in sorted(hours.days)],
        "from": _time(hours.since),
        "to": _time(hours.until),
    }


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
