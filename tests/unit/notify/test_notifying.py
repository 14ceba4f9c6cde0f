"""The whole way: a flush, what the other side gets, and what is remembered."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web
from notify_house import HOUR_MS, Open, Recorder, alert

WEBHOOK = "receivers: [{{name: team, webhook_configs: [{{url: '{url}/hook', {more}}}]}}]"


def webhook(recorder: Recorder, more: str = "") -> str:
    return WEBHOOK.format(url=recorder.url, more=more)


async def test_a_webhook_gets_alertmanagers_payload(house: Open, recorder: Recorder) -> None:
    async with house(webhook(recorder)) as room:
        assert await room.tell(alert("a"), alert("b", ended=True))
        [request] = recorder.take()
        assert request.headers["User-Agent"] == "Watchkeeper"
        assert request.headers["Content-Type"] == "application/json"
        assert request.json() == {
            "version": "4",
            "receiver": "team",
            "status": "firing",
            "groupKey": '{}:{alertname="Hot"}',
            "truncatedAlerts": 0,
            "notification_reason": "first notification",
            "groupLabels": {"alertname": "Hot"},
            "commonLabels": {"alertname": "Hot", "severity": "critical"},
            "commonAnnotations": {"summary": "too hot"},
            "externalURL": "http://watchkeeper.example.org",
            "alerts": [
                {
                    "status": "firing",
                    "labels": {"alertname": "Hot", "instance": "a", "severity": "critical"},
                    "annotations": {"summary": "too hot"},
                    "startsAt": "2025-11-21T03:40:00Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "http://p/graph?x",
                    "fingerprint": "794cda8f8f06ccdf",
                },
                {
                    "status": "resolved",
                    "labels": {"alertname": "Hot", "instance": "b", "severity": "critical"},
                    "annotations": {"summary": "too hot"},
                    "startsAt": "2025-11-21T03:40:00Z",
                    "endsAt": "2025-11-21T04:39:59Z",
                    "generatorURL": "http://p/graph?x",
                    "fingerprint": "5c89d69a15a4f250",
                },
            ],
        }


async def test_what_the_receiver_knows_is_not_told_again_before_the_repeat_interval(
    house: Open, recorder: Recorder
) -> None:
    async with house(webhook(recorder)) as room:
        assert await room.tell(alert())
        assert await room.tell(alert())
        assert len(recorder.take()) == 1
        room.clock.ms += 4 * HOUR_MS + 1
        assert await room.tell(alert())
        assert [request.json()["notification_reason"] for request in recorder.take()] == ["repeat interval elapsed"]


async def test_a_restart_does_not_repeat_what_was_told(house: Open, recorder: Recorder) -> None:
    for _ in range(2):
        async with house(webhook(recorder)) as room:
            assert await room.tell(alert())
    assert len(recorder.take()) == 1


async def test_a_server_that_fails_is_asked_again(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=503), web.Response(status=500)]
    async with house(webhook(recorder)) as room:
        assert await room.tell(alert())
        assert room.clock.waits == [0.5, 0.75]
        assert room.figure("alertmanager_notification_requests_total", integration="webhook") == 3
        assert room.figure("alertmanager_notifications_total", integration="webhook") == 1


async def test_a_server_that_asks_for_patience_gets_it(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=429, headers={"Retry-After": "20"})]
    async with house(webhook(recorder)) as room:
        assert await room.tell(alert())
        assert room.clock.waits == [20]


async def test_a_refused_notification_is_told_at_the_next_flush(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=400, text="no such thing")]
    async with house(webhook(recorder)) as room:
        assert not await room.tell(alert())
        assert room.figure("alertmanager_notifications_failed_total", integration="webhook", reason="clientError") == 1
        assert await room.tell(alert())
        assert len(recorder.take()) == 2


async def test_alerts_beyond_the_bound_are_counted(house: Open, recorder: Recorder) -> None:
    async with house(webhook(recorder, "max_alerts: 1")) as room:
        await room.tell(alert("a"), alert("b"))
        [request] = recorder.take()
        assert request.json()["truncatedAlerts"] == 1
        assert request.json()["commonLabels"]["instance"] == "a"


async def test_an_annotation_that_is_empty_is_shared_with_whoever_has_none(house: Open, recorder: Recorder) -> None:
    first = replace(alert("a"), annotations={"about": "x", "empty": ""})
    async with house(webhook(recorder)) as room:
        assert await room.tell(first, alert("b", about="x"))
        [request] = recorder.take()
        assert request.json()["commonAnnotations"] == {"about": "x", "empty": ""}
