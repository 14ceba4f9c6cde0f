"""What transports do beyond one request with one payload; the payloads stand beside Alertmanager's elsewhere."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from notify_house import HOUR_MS, T0, Clock, Open, Recorder, alert, configured, flush

from watchkeeper.access import Signer
from watchkeeper.base.http import HTTPClient, HTTPClientConfig
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.message import Message
from watchkeeper.notify.templating import Templates
from watchkeeper.notify.transports import Outside
from watchkeeper.notify.transports.pagerduty import Pagerduty
from watchkeeper.notify.transports.pushover import Pushover
from watchkeeper.notify.transports.truncating import in_bytes, in_characters


def message(**annotations: str) -> Message:
    told = flush([alert(**annotations)])
    return Message.of(told, told.alerts, Reason.FIRST, Templates((), lambda: T0), "http://w")


async def test_a_slack_bot_changes_its_message_instead_of_writing_another(house: Open, recorder: Recorder) -> None:
    posted = {"ok": True, "channel": "C1", "ts": "17.5"}
    recorder.answers = [web.json_response(posted) for _ in range(4)]
    text = f"""
receivers:
- name: team
  slack_configs:
  - {{app_token: xoxb, app_url: "{recorder.url}/api/chat.postMessage", channel: "#c", update_message: true,
      send_resolved: true}}
"""
    async with house(text) as room:
        assert await room.tell(alert("a"))
        assert await room.tell(alert("a"), alert("b"))
    async with house(text) as room:  # over a restart too
        assert await room.tell(alert("a", ended=True), alert("b", ended=True))
        assert await room.tell(alert("a"))
    requests = recorder.take()
    assert [request.path for request in requests] == [
        "/api/chat.postMessage",
        "/api/chat.update",
        "/api/chat.update",
        "/api/chat.postMessage",
    ]
    assert all(request.headers["Authorization"] == "Bearer xoxb" for request in requests)
    assert [(request.json()["channel"], request.json().get("ts")) for request in requests] == [
        ("#c", None),
        ("C1", "17.5"),
        ("C1", "17.5"),
        ("#c", None),
    ]


async def test_a_webhook_may_be_signed(house: Open, recorder: Recorder) -> None:
    hooks = f"{{url: '{recorder.url}', signing_secret: hush}}, {{url: '{recorder.url}'}}"
    text = f"receivers: [{{name: team, webhook_configs: [{hooks}]}}]"
    async with house(text) as room:
        assert await room.tell(alert())
    signed, plain = sorted(recorder.take(), key=lambda request: "X-Watchkeeper-Signature" not in request.headers)
    expected = hmac.new(b"hush", signed.body.encode(), "sha256").hexdigest()
    assert signed.headers["X-Watchkeeper-Signature"] == f"sha256={expected}"
    assert "X-Watchkeeper-Signature" not in plain.headers


async def test_slack_says_no_with_a_good_status(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.json_response({"ok": False, "error": "channel_not_found"}), web.Response(text="ok")]
    async with house(f"receivers: [{{name: team, slack_configs: [{{api_url: '{recorder.url}/x'}}]}}]") as room:
        assert not await room.tell(alert())
        assert await room.tell(alert())


async def test_wecom_is_asked_for_a_token_once_and_again_when_it_has_expired(house: Open, recorder: Recorder) -> None:
    token = {"access_token": "t", "errcode": 0}
    answers = [token, {"errcode": 0}, {"errcode": 0}, {"errcode": 42001}, token, {"errcode": 0}]
    recorder.answers = [web.json_response(answer) for answer in answers]
    text = f"receivers: [{{name: team, wechat_configs: [{{api_url: '{recorder.url}', corp_id: c, api_secret: s}}]}}]"
    async with house(text) as room:
        for instance in "abc":
            assert await room.tell(alert(instance))
    assert [request.path.split("?")[0].split("/")[-1] for request in recorder.take()] == [
        "gettoken",
        "send",
        "send",
        "send",
        "gettoken",
        "send",
    ]


@pytest.fixture
async def outside(clock: Clock) -> Outside:
    return Outside(HTTPClient(HTTPClientConfig(), clock), clock, {}, lambda: "1", Signer(clock, b"k"))


async def test_pushover_is_told_in_the_body_and_not_in_the_address(recorder: Recorder, outside: Outside) -> None:
    text = "receivers: [{name: a, pushover_configs: [{user_key: u, token: t, title: '{{ .Status }}', ttl: 1h}]}]"
    [config] = configured(text).notify.receivers[0].pushover_configs
    await Pushover(config, outside, f"{recorder.url}/1/messages.json").prepare(message())()
    await outside.client.close()
    [request] = recorder.take()
    assert request.path == "/1/messages.json"
    told = {name: value[0] for name, value in parse_qs(request.body).items()}
    assert told["message"].startswith("too hot\n\nAlerts Firing:\nLabels:\n - alertname = Hot\n")
    assert told | {"message": ""} == {
        "token": "t",
        "user": "u",
        "title": "firing",
        "message": "",
        "url": "http://w/#/alerts?receiver=team",
        "priority": "2",
        "retry": "60",
        "expire": "3600",
        "ttl": "3600",
    }


async def test_pagerduty_version_1_by_a_service_key(recorder: Recorder, outside: Outside) -> None:
    text = "receivers: [{name: a, pagerduty_configs: [{service_key: k, details: {own: x}}]}]"
    [config] = configured(text).notify.receivers[0].pagerduty_configs
    await Pagerduty(config, outside, f"{recorder.url}/v1").prepare(message())()
    await outside.client.close()
    told = recorder.take()[0].json()
    details = told.pop("details")
    assert (details["own"], details["num_firing"], details["resolved"]) == ("x", 1, [])
    assert told == {
        "service_key": "k",
        "event_type": "trigger",
        "incident_key": message().key,
        "description": "[FIRING:1] Hot (a critical)",
        "client": "Alertmanager",
        "client_url": "http://w/#/alerts?receiver=team",
    }


async def test_a_pagerduty_event_that_is_too_large_loses_its_details(house: Open, recorder: Recorder) -> None:
    text = f"receivers: [{{name: team, pagerduty_configs: [{{routing_key: k, url: '{recorder.url}'}}]}}]"
    async with house(text) as room:
        assert await room.tell(alert(long="x" * 600_000))
    [details] = [request.json()["payload"]["custom_details"] for request in recorder.take()]
    assert details["error"].endswith("512KB")


def test_texts_are_cut_where_the_other_side_cuts() -> None:
    assert (in_characters("äöü", 3), in_characters("äöüß", 3), in_characters("äöüßx", 4)) == ("äöü", "äöü", "äöü…")
    assert (in_bytes("abc", 3), in_bytes("äöüß", 6), in_bytes("abcd", 3)) == ("abc", "ä…", "…")


async def test_time_is_up_at_the_deadline(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=500) for _ in range(100)]
    async with house(f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}'}}]}}]") as room:
        assert not await room.tell(alert(), deadline=room.clock.ms + 10_000)
        assert 5 < sum(room.clock.waits) < 10
        assert room.figure("alertmanager_notifications_failed_total", integration="webhook", reason="serverError") == 1
        room.clock.ms += HOUR_MS
        recorder.answers = []
        assert await room.tell(alert())
