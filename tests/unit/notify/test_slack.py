"""Slack by a bot: threads, blocks, buttons that act, and what its answers mean; bodies by Slack's reference."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from aiohttp import web
from notify_house import KEY, Open, Recorded, Recorder, alert, configured

from watchkeeper.access import Signer
from watchkeeper.base.configuration import ConfigurationFailure

MESSAGE = {"channel", "username", "icon_emoji", "icon_url", "link_names", "text", "blocks", "attachments", "thread_ts"}
CHANGE = {"channel", "ts", "link_names", "text", "blocks", "attachments"}
BUTTON = {"type", "text", "action_id", "value", "style", "url", "confirm"}


def slack(recorder: Recorder, more: str, token: str = "app_token: xoxb-hush") -> str:
    address = f"app_url: '{recorder.url}/api/chat.postMessage', channel: C1, send_resolved: true"
    return f"receivers: [{{name: team, slack_configs: [{{{token}, {address}, {more}}}]}}]"


def said(ts: str) -> web.Response:
    return web.json_response({"ok": True, "channel": "C1", "ts": ts})


def no(error: str, **headers: str) -> web.Response:
    return web.json_response({"ok": False, "error": error}, headers=headers)


def documented(request: Recorded) -> dict[str, Any]:
    """The body, checked against the reference of `chat.postMessage` or `chat.update`."""
    body: dict[str, Any] = request.json()
    assert request.headers["Authorization"] == "Bearer xoxb-hush"
    known = CHANGE if request.path == "/api/chat.update" else MESSAGE
    assert set(body) <= known
    assert body["channel"] and (body.get("text") or body.get("blocks") or body.get("attachments"))
    for attachment in body.get("attachments", []):
        for block in attachment.get("blocks", []):
            checked_block(block)
    for block in body.get("blocks", []):
        checked_block(block)
    return body


def checked_block(block: dict[str, Any]) -> None:
    assert block["type"] in {"actions", "section", "header", "divider"}
    if block["type"] == "actions":
        assert 1 <= len(block["elements"]) <= 25
        for button in block["elements"]:
            assert set(button) <= BUTTON
            assert button["text"]["type"] == "plain_text" and len(button["text"]["text"]) <= 75
            assert len(button["action_id"]) <= 255 and len(button["value"]) <= 2000
            assert button.get("style", "primary") in {"primary", "danger"}


async def test_a_group_has_a_thread_and_its_first_message_shows_how_it_stands(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1"), said("2.2"), said("1.1"), said("3.3"), said("1.1")]
    async with house(slack(recorder, "thread: true, username: watch")) as room:
        assert await room.tell(alert("a"))
        assert await room.tell(alert("a"), alert("b"))
        assert await room.tell(alert("a", ended=True), alert("b", ended=True))
    sent = [(request.path.rpartition(".")[2], documented(request)) for request in recorder.take()]
    assert [method for method, _ in sent] == ["postMessage", "postMessage", "update", "postMessage", "update"]
    bodies = [body for _, body in sent]
    assert [body.get("thread_ts") for body in bodies] == [None, "1.1", None, "1.1", None]
    assert [body.get("ts") for body in bodies] == [None, None, "1.1", None, "1.1"]
    assert [body["attachments"][0]["color"] for body in bodies] == ["danger", "danger", "danger", "good", "good"]


async def test_a_group_that_fires_anew_has_a_new_thread_also_after_a_restart(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1"), said("2.2"), said("1.1"), said("3.3")]
    for ended in (False, True, False):
        async with house(slack(recorder, "thread: true")) as room:
            assert await room.tell(alert(ended=ended))
    assert [documented(request).get("thread_ts") for request in recorder.take()] == [None, "1.1", None, None]


async def test_an_answer_is_not_written_twice_where_the_change_fails(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1"), said("2.2"), web.Response(status=503), said("1.1")]
    async with house(slack(recorder, "thread: true")) as room:
        assert await room.tell(alert("a"))
        assert await room.tell(alert("a"), alert("b"))
    assert [request.path.rpartition(".")[2] for request in recorder.take()] == [
        "postMessage",
        "postMessage",
        "update",
        "update",
    ]


async def test_a_first_message_that_was_deleted_is_written_anew(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1"), said("2.2"), no("message_not_found"), said("3.3"), said("4.4"), said("3.3")]
    async with house(slack(recorder, "thread: true")) as room:
        assert await room.tell(alert("a"))
        assert await room.tell(alert("a"), alert("b"))
        assert await room.tell(alert("a"), alert("b"), alert("c"))
    assert [documented(request).get("thread_ts") for request in recorder.take()][-2:] == ["3.3", None]


async def test_buttons_act_on_the_group_while_it_fires(house: Open, recorder: Recorder) -> None:
    numbers = count(1)
    recorder.answers = [said(f"{next(numbers)}.0") for _ in range(3)]
    async with house(slack(recorder, "thread: true, interactive: true")) as room:
        assert await room.tell(alert(), tenant="blue")
        assert await room.tell(alert(ended=True), tenant="blue")
        first, reply, change = map(documented, recorder.take())
        [row] = first["attachments"][1]["blocks"]
        assert [(button["action_id"], button["text"]["text"]) for button in row["elements"]] == [
            ("watchkeeper_acknowledge", "Acknowledge"),
            ("watchkeeper_silence", "Silence 1h"),
            ("watchkeeper_resolve", "Resolve"),
        ]
        [token] = {button["value"] for button in row["elements"]}
        content = Signer(room.clock, KEY).content("slack", token)
    assert content == {"tenant": "blue", "group_key": '{}:{alertname="Hot"}'}
    assert [len(body["attachments"]) for body in (reply, change)] == [1, 1]


async def test_a_group_whose_name_is_too_long_for_a_button_is_told_without(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1")]
    async with house(slack(recorder, "interactive: true")) as room:
        assert await room.tell(alert(), group_key="x" * 2000)
    assert len(documented(recorder.take()[0])["attachments"]) == 1


async def test_blocks_are_templates_and_stand_beside_fields_and_buttons(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1"), said("1.1")]
    own = """blocks: [{type: section, text: {type: mrkdwn, text: "*{{ .GroupLabels.alertname }}* {{ .Status }}"}}]"""
    fields = "fields: [{title: T, value: '{{ .Status }}'}], actions: [{type: button, text: Go, url: 'http://x'}]"
    async with house(slack(recorder, own)) as room:
        assert await room.tell(alert())
        await room.apply(slack(recorder, f"{own}, {fields}"))
        assert await room.tell(alert(), alert("b"))
    bare, full = map(documented, recorder.take())
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Hot* firing"}}
    assert (bare["blocks"], "attachments" in bare) == ([section], False)
    assert bare["text"].startswith("[FIRING:1] Hot")
    [attachment] = full["attachments"]
    assert attachment == {
        "fields": [{"title": "T", "value": "firing", "short": False}],
        "actions": [{"type": "button", "text": "Go", "url": "http://x"}],
    }


async def test_buttons_go_away_with_the_last_alert(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1"), said("2.2"), said("1.1")]
    only_blocks = "blocks: [{type: divider}], interactive: true, thread: true"
    async with house(slack(recorder, only_blocks)) as room:
        assert await room.tell(alert())
        assert await room.tell(alert(ended=True))
    fired, _, ended = recorder.take()
    assert len(documented(fired)["attachments"]) == 1
    assert documented(ended)["attachments"] == []


async def test_one_template_may_yield_all_blocks(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1")]
    async with house(slack(recorder, """blocks: '[{"type": "divider"}, {"type": "divider"}]'""")) as room:
        assert await room.tell(alert())
    assert documented(recorder.take()[0])["blocks"] == [{"type": "divider"}] * 2


@pytest.mark.parametrize("status", [200, 429])
async def test_slacks_rate_limit_is_waited_for(house: Open, recorder: Recorder, status: int) -> None:
    limited = web.json_response({"ok": False, "error": "ratelimited"}, headers={"Retry-After": "7"}, status=status)
    recorder.answers = [limited, said("1.1")]
    async with house(slack(recorder, "thread: true")) as room:
        assert await room.tell(alert())
        assert room.clock.waits == [7]


async def test_another_refusal_is_final_until_the_next_flush(house: Open, recorder: Recorder) -> None:
    recorder.answers = [no("channel_not_found")]
    async with house(slack(recorder, "thread: true")) as room:
        assert not await room.tell(alert())
        assert room.clock.waits == []


def test_a_thread_needs_a_bot() -> None:
    with pytest.raises(ConfigurationFailure, match="thread needs an app_token"):
        configured("receivers: [{name: a, slack_configs: [{api_url: 'http://x/', channel: c, thread: true}]}]")


async def test_blocks_of_a_thousand_alerts_are_cut_to_what_slack_takes(house: Open, recorder: Recorder) -> None:
    recorder.answers = [said("1.1")]
    each = "{{ range .Alerts }}{{ .Labels.instance }} {{ end }}"
    texts = f"""{{type: header, text: {{type: plain_text, text: "{each}"}}}},
      {{type: section, text: {{type: mrkdwn, text: "{each}"}}, fields: [{{type: mrkdwn, text: "{each}"}}]}}"""
    async with house(slack(recorder, f"blocks: [{texts}, {', '.join(['{type: divider}'] * 60)}]")) as room:
        assert await room.tell(*(alert(f"{number:04}") for number in range(1000)))
    header, section, *others = documented(recorder.take()[0])["blocks"]
    assert len(others) == 48
    cut = [header["text"]["text"], section["text"]["text"], section["fields"][0]["text"]]
    assert [len(text) for text in cut] == [150, 3000, 2000]
    assert all(text.startswith("0000 0001 ") and text.endswith("…") for text in cut)
