"""ntfy and Twilio, by their documented payloads."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from aiohttp import web
from notify_house import KEY, Open, Recorder, alert, configured

from watchkeeper.access import Signer
from watchkeeper.base.configuration import ConfigurationFailure


def ntfy(recorder: Recorder, more: str = "") -> str:
    return f"receivers: [{{name: team, ntfy_configs: [{{url: '{recorder.url}', topic: secret-topic{more}}}]}}]"


def twilio(recorder: Recorder, to: str = "'+15550100'", sender: str = "from: '+15550199'") -> str:
    config = f"api_url: '{recorder.url}', account_sid: AC1, auth_token: hush, to: [{to}], {sender}"
    return f"receivers: [{{name: team, twilio_configs: [{{{config}}}]}}]"


async def test_ntfy_is_told_as_json(house: Open, recorder: Recorder) -> None:
    async with house(ntfy(recorder)) as room:
        assert await room.tell(alert())
        assert await room.tell(alert(ended=True))
    firing, resolved = recorder.take()
    assert (firing.method, firing.path) == ("POST", "/")
    told = firing.json()
    assert set(told) == {"topic", "title", "message", "priority", "tags", "click"}
    assert (told["topic"], told["title"]) == ("secret-topic", "[FIRING:1] Hot (a critical)")
    assert (told["priority"], told["tags"]) == (4, ["rotating_light"])
    assert told["click"].startswith("http://watchkeeper.example.org/ack/")
    assert resolved.json()["click"] == "http://watchkeeper.example.org"
    assert "too hot" in told["message"]
    assert (resolved.json()["priority"], resolved.json()["tags"]) == (3, ["white_check_mark"])


async def test_ntfy_has_templates_buttons_and_a_token(house: Open, recorder: Recorder) -> None:
    more = """, title: "T {{ .Status }}", message: m, click: "", tags: ["a-{{ .Status }}", ""], priority: "5",
      http_config: {authorization: {credentials: tk_hush}},
      actions: [{label: "See {{ .Status }}", url: "http://x/{{ .Status }}"},
                {action: http, label: Ack, url: "http://y", method: PUT, body: "b {{ .Status }}", clear: true}]"""
    async with house(ntfy(recorder, more)) as room:
        assert await room.tell(alert())
    [told] = recorder.take()
    assert told.headers["Authorization"] == "Bearer tk_hush"
    assert told.json() == {
        "topic": "secret-topic",
        "title": "T firing",
        "message": "m",
        "priority": 5,
        "tags": ["a-firing"],
        "actions": [
            {"action": "view", "label": "See firing", "url": "http://x/firing", "clear": False},
            {"action": "http", "label": "Ack", "url": "http://y", "clear": True, "method": "PUT", "body": "b firing"},
        ],
    }


async def test_a_priority_that_ntfy_does_not_know_keeps_nobody_from_being_told(house: Open, recorder: Recorder) -> None:
    async with house(ntfy(recorder, ", priority: loud")) as room:
        assert await room.tell(alert())
    assert "priority" not in recorder.take()[0].json()


async def test_an_sms_goes_to_each_number(house: Open, recorder: Recorder) -> None:
    async with house(twilio(recorder, "'+15550100', '+15550101'")) as room:
        assert await room.tell(alert())
    sent = recorder.take()
    assert {request.path for request in sent} == {"/2010-04-01/Accounts/AC1/Messages.json"}
    assert {request.headers["Content-Type"] for request in sent} == {"application/x-www-form-urlencoded"}
    assert b64decode(sent[0].headers["Authorization"].removeprefix("Basic ")) == b"AC1:hush"
    forms = [parse_qs(request.body) for request in sent]
    assert [form["To"] for form in forms] == [["+15550100"], ["+15550101"]]
    assert all(set(form) == {"To", "From", "Body"} and form["From"] == ["+15550199"] for form in forms)
    assert forms[0]["Body"][0].startswith("[FIRING:1] Hot (a critical)")


async def test_a_messaging_service_may_choose_the_sender(house: Open, recorder: Recorder) -> None:
    async with house(twilio(recorder, sender="messaging_service_sid: MG1")) as room:
        assert await room.tell(alert())
    form = parse_qs(recorder.take()[0].body)
    assert (form["MessagingServiceSid"], "From" in form) == (["MG1"], False)


async def test_who_has_the_sms_is_not_told_again_when_another_is(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=201), web.Response(status=503), web.Response(status=201)]
    async with house(twilio(recorder, "'+1', '+2'")) as room:
        assert await room.tell(alert())
    assert [parse_qs(request.body)["To"] for request in recorder.take()] == [["+1"], ["+2"], ["+2"]]


async def test_a_number_that_is_refused_fails_the_notification_but_not_the_others(
    house: Open, recorder: Recorder
) -> None:
    recorder.answers = [web.Response(status=400), web.Response(status=201)]
    async with house(twilio(recorder, "'+1', '+2'")) as room:
        assert not await room.tell(alert())
    assert len(recorder.take()) == 2


async def test_a_call_asks_us_what_to_say_and_names_the_group(house: Open, recorder: Recorder) -> None:
    async with house(twilio(recorder, sender="from: '+15550199', voice: true")) as room:
        assert await room.tell(alert(), tenant="blue")
        assert await room.tell(alert(ended=True), tenant="blue")
        [request] = recorder.take()
        form = {name: value for name, [value] in parse_qs(request.body).items()}
        assert request.path == "/2010-04-01/Accounts/AC1/Calls.json"
        assert set(form) == {"To", "From", "Url", "Method"}
        address, _, token = form["Url"].partition("?token=")
        assert address == "http://watchkeeper.example.org/api/watchkeeper/v1/twilio/voice"
        content = Signer(room.clock, KEY).content("twilio", token)
    assert content == {
        "tenant": "blue",
        "group_key": '{}:{alertname="Hot"}',
        "text": "firing: 1 alert, Hot. too hot.",
    }


async def test_a_call_without_a_callback_brings_its_text(house: Open, recorder: Recorder) -> None:
    sender = "from: '+15550199', voice: true, callback: false, message: 'a < b', send_resolved: true"
    async with house(twilio(recorder, sender=sender)) as room:
        assert await room.tell(alert())
        assert await room.tell(alert(ended=True))
    first, _ = recorder.take()
    form = parse_qs(first.body)
    assert set(form) == {"To", "From", "Twiml"}
    root = ElementTree.fromstring(form["Twiml"][0])
    assert (root.tag, [(part.tag, part.text) for part in root]) == (
        "Response",
        [("Say", "a < b"), ("Pause", None)] * 2,
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            "twilio_configs: [{account_sid: a, auth_token: b, to: ['+1'], messaging_service_sid: c, voice: true}]",
            "a call needs from",
        ),
        ("ntfy_configs: [{topic: ''}]", "topic is empty"),
        ("twilio_configs: [{account_sid: a, auth_token: b, to: ['+1']}]", "from or messaging_service_sid"),
        ("twilio_configs: [{account_sid: a, to: ['+1'], from: '+2'}]", "auth_token or auth_token_file"),
        ("twilio_configs: [{account_sid: a, auth_token: b, to: [], from: '+2'}]", "to must name the numbers"),
    ],
)
def test_what_is_lacking_is_named(wrong: str, says: str) -> None:
    with pytest.raises(ConfigurationFailure, match=says):
        configured(f"receivers: [{{name: a, {wrong}}}]")


def test_topic_and_token_are_not_shown() -> None:
    sms = "{account_sid: a, auth_token: HUSH, to: ['+1'], from: b}"
    text = f"{{name: a, ntfy_configs: [{{topic: HUSH}}], twilio_configs: [{sms}]}}"
    assert "HUSH" not in configured(f"receivers: [{text}]").to_yaml()
