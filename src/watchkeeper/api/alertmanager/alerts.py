"""`/alerts` and `/alerts/groups`."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.alerts import (
    Alerts,
    AlertState,
    InvalidAlert,
    ListedAlert,
    NoRoute,
    Received,
    list_alerts,
    list_groups,
)
from watchkeeper.api.alertmanager.answer import Malformed, Refused, answer, done, required
from watchkeeper.api.alertmanager.filters import filter_of
from watchkeeper.api.alertmanager.routed import Routed
from watchkeeper.api.alertmanager.times import read_time, time_text
from watchkeeper.api.alertmanager.wire import PostedAlert, read_json, texts
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.clock import Clock
from watchkeeper.base.url import url_fault
from watchkeeper.store import StoreFailure

_URI = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:|/).*", re.DOTALL)


class AlertsFace:
    """What can be asked of alerts."""

    def __init__(self, room: Alerts, routed: Routed, clock: Clock) -> None:
        self._room = room
        self._routed = routed
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """Every alert that has not ended."""
        listed = list_alerts(self._room, filter_of(request, self._routed), self._clock.now_ms())
        return answer([_alert(one) for one in listed])

    async def show_groups(self, request: Request) -> Response:
        """The groups that are waiting to be told, or have been."""
        groups = list_groups(self._room, filter_of(request, self._routed), self._clock.now_ms())
        return answer(
            [
                {
                    "alerts": [_alert(one) for one in group.alerts],
                    "labels": dict(group.labels),
                    "receiver": {"name": group.receiver},
                }
                for group in groups
            ]
        )

    async def post(self, request: Request) -> Response:
        """Take alerts; answered when they are kept."""
        posted = await read_json(request, list[PostedAlert], "alerts")
        received = [_received(one, i) for i, one in enumerate(posted)]
        try:
            await self._room.post(received, tenant_of(request))
        except InvalidAlert as failure:
            raise Refused(400, str(failure)) from None
        except NoRoute as failure:
            raise Refused(503, str(failure)) from None
        except StoreFailure as failure:
            raise Refused(500, str(failure)) from None
        return done()


def _received(posted: PostedAlert, i: int) -> Received:
    if posted.labels is None:
        raise required(f"{i}.labels")
    url = posted.generatorURL or ""
    if url and not _is_uri(url):
        raise Malformed(422, 601, f'{i}.generatorURL in body must be of type uri: "{url}"')
    starts_at, ends_at = read_time(posted.startsAt, "alerts"), read_time(posted.endsAt, "alerts")
    return Received(texts(posted.labels), texts(posted.annotations), starts_at, ends_at, url)


def _is_uri(url: str) -> bool:
    """Say whether it begins with a scheme or a slash, and its port and escapes are such."""
    return _URI.fullmatch(url) is not None and url_fault(url) is None


def _alert(listed: ListedAlert) -> dict[str, Any]:
    held, status = listed.held, listed.status
    shown: dict[str, Any] = {
        "annotations": dict(held.alert.annotations),
        "endsAt": time_text(held.alert.ends_at),
        "fingerprint": held.fingerprint,
        "receivers": [{"name": name} for name in listed.receivers],
        "startsAt": time_text(held.alert.starts_at),
        "status": {
            "inhibitedBy": status.inhibited_by,
            "mutedBy": listed.muted_by,
            "silencedBy": status.silenced_by,
            "state": AlertState.SUPPRESSED if listed.muted_by else status.state,
        },
        "updatedAt": time_text(held.updated_at),
    }
    if held.alert.generator_url:
        shown["generatorURL"] = held.alert.generator_url
    return {**shown, "labels": dict(held.alert.labels)}
