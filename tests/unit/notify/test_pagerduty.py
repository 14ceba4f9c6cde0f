"""PagerDuty's Events API v2: bodies by its reference, and acknowledgements."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from notify_house import Open, Recorded, Recorder, alert, flush

from watchkeeper.journal import Kind

EVENT = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}


def pager(recorder: Recorder, more: str = "") -> str:
    return f"receivers: [{{name: team, pagerduty_configs: [{{url: '{recorder.url}/v2', routing_key: HUSH{more}}}]}}]"


def documented(request: Recorded) -> dict[str, Any]:
    body: dict[str, Any] = request.json()
    assert set(body) <= EVENT
    assert body["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert len(body["dedup_key"]) <= 255
    if body["event_action"] == "trigger":
        payload = body["payload"]
        assert set(payload) <= PAYLOAD and payload["source"]
        assert 1 <= len(payload["summary"]) <= 1024
        assert payload["severity"] in {"critical", "warning", "error", "info"}
        assert all(set(link) == {"href", "text"} for link in body.get("links", []))
    return body


async def test_an_incident_is_triggered_acknowledged_and_resolved(house: Open, recorder: Recorder) -> None:
    more = ", severity: critical, details: {a: b}, links: [{href: 'http://x', text: Runbook}]"
    async with house(pager(recorder, more)) as room:
        assert await room.tell(alert())
        await room.notify.acknowledged(flush([alert()]), "alice")
        assert await room.tell(alert(ended=True))
        entry = next(one for one in await room.recorded(Kind.NOTIFICATION_SENT) if one.actor)
    assert entry.text == "team/pagerduty[0] was told that alice has acknowledged the group"
    assert (entry.actor, entry.integration) == ("alice", "pagerduty[0]")
    events = [documented(request) for request in recorder.take()]
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    assert len({event["dedup_key"] for event in events}) == 1
    assert set(events[1]) == {"routing_key", "event_action", "dedup_key"}
    assert events[0]["links"] == [{"href": "http://x", "text": "Runbook"}]
    assert events[0]["payload"]["custom_details"]["a"] == "b"


async def test_who_was_not_told_of_a_group_hears_of_no_acknowledgement(house: Open, recorder: Recorder) -> None:
    async with house(pager(recorder)) as room:
        await room.notify.acknowledged(flush([alert()]), "alice")
        assert recorder.take() == []


async def test_an_acknowledgement_that_does_not_arrive_is_recorded(house: Open, recorder: Recorder) -> None:
    async with house(pager(recorder)) as room:
        assert await room.tell(alert())
        recorder.answers = [web.Response(status=400)]
        await room.notify.acknowledged(flush([alert()]), "bob")
        [*_, entry] = await room.recorded(Kind.NOTIFICATION_FAILED)
    assert entry.text == "team/pagerduty[0] could not be told that bob has acknowledged the group"


async def test_an_integration_that_takes_no_acknowledgements_is_left_alone(house: Open, recorder: Recorder) -> None:
    async with house(f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}'}}]}}]") as room:
        assert await room.tell(alert())
        await room.notify.acknowledged(flush([alert()]), "alice")
        assert len(recorder.take()) == 1
