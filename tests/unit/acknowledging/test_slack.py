"""Slack's buttons: who may press them, what they do, and what the message becomes."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from acknowledging_house import KEY, T0, House
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.oncall.slack_message import pressed, with_outcome
from watchkeeper.oncall.callback_signatures import CallbackRefused, check_slack

DAY_MS = 86_400_000
KEYS = st.sampled_from(["action_id", "name", "value", "elements", "actions", "type", "id", "blocks", "attachments"])
WORDS = st.sampled_from(["block_actions", "interactive_message", "watchkeeper_silence", "actions", "acknowledge", "v"])
JSON = st.recursive(
    st.none() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
ACTIONS = st.lists(st.fixed_dictionaries({"name": WORDS, "action_id": WORDS, "value": JSON}), min_size=1, max_size=2)


def token(house: House, **more: str) -> str:
    return house.signer.token("slack", {"tenant": "default", "group_key": KEY, **more}, DAY_MS)


def button(action: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": action}, "value": value}


def blocks_payload(house: House, action: str, value: str, user: str = "U1") -> dict[str, Any]:
    """A `block_actions` payload with the properties that Slack documents for a message."""
    section = {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "*Hot*"}}
    elements = [button("watchkeeper_acknowledge", value), button("watchkeeper_silence", value)]
    blocks = [section, {"type": "actions", "block_id": "a", "elements": elements}]
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "al", "name": "al", "team_id": "T1"},
        "api_app_id": "A1",
        "token": "verification",
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1", "is_ephemeral": False},
        "trigger_id": "1.2.3",
        "team": {"id": "T1", "domain": "example"},
        "channel": {"id": "C1", "name": "ops"},
        "message": {"type": "message", "text": "Hot", "ts": "1.2", "blocks": blocks},
        "response_url": f"{house.outside.url}/actions/1",
        "actions": [{**button(action, value), "block_id": "a", "action_ts": "1.3"}],
    }


async def replied(house: House) -> Any:
    """What Slack was answered, at the response URL."""
    for _ in range(200):
        if house.outside.slack:
            return house.outside.slack.pop(0)
        await house.ask("/")
    raise AssertionError("Slack was not answered")


async def test_a_button_acknowledges_in_the_persons_name_and_goes(house: House) -> None:
    await house.fire("A")
    answer = await house.slack(blocks_payload(house, "watchkeeper_acknowledge", token(house)))
    assert (answer.status, answer.text) == (200, "")
    one = house.oncall.acknowledgements.of("default", KEY)
    assert one is not None
    assert (one.actor, one.via, one.until) == ("alice", "slack", T0 + 4 * 3_600_000)
    message = await replied(house)
    assert (message["replace_original"], message["text"]) == (True, "Hot")
    section, actions, outcome = message["blocks"]
    assert section["text"]["text"] == "*Hot*"
    assert [one["action_id"] for one in actions["elements"]] == ["watchkeeper_silence"]
    assert outcome["elements"] == [{"type": "plain_text", "text": "alice acknowledged it"}]


async def test_who_presses_second_learns_who_was_first(house: House) -> None:
    await house.fire("A")
    await house.slack(blocks_payload(house, "watchkeeper_acknowledge", token(house)))
    await replied(house)
    house.clock.ms += 1000
    await house.slack(blocks_payload(house, "watchkeeper_acknowledge", token(house), user="U2"))
    assert (await replied(house))["blocks"][-1]["elements"][0]["text"] == "alice acknowledged it"


async def test_pressing_a_button_and_using_a_link_at_the_same_moment_is_one_acknowledgement(house: House) -> None:
    await house.fire("A")
    link = house.path(house.oncall.links.acknowledge("default", KEY))
    pressing = house.slack(blocks_payload(house, "watchkeeper_acknowledge", token(house)))
    answers = await asyncio.gather(house.ask(link, "POST", data={"name": "carol"}), pressing)
    assert [answer.status for answer in answers] == [303, 200]
    (given_by,) = await house.said("acknowledgement.given")
    assert given_by.startswith(house.by())
    assert (await replied(house))["blocks"][-1]["elements"][0]["text"] == f"{house.by()} acknowledged it"
    first = house.by()
    await house.stop()
    await house.start()
    again = await house.ask(link, "POST", data={"name": "dave"})
    assert (again.status, house.by()) == (303, first)
    assert len(await house.said("acknowledgement.given")) == 1


async def test_somebody_whom_we_do_not_know_goes_by_the_name_in_slack(house: House) -> None:
    await house.fire("A")
    await house.slack(blocks_payload(house, "watchkeeper_resolve", token(house), user="U2"))
    one = house.oncall.acknowledgements.of("default", KEY)
    assert one is not None
    assert (one.actor, one.closed, one.until) == ("al", True, None)


async def test_a_button_silences_for_as_long_as_its_token_says(house: House) -> None:
    await house.fire("A")
    await house.slack(blocks_payload(house, "watchkeeper_silence", token(house, duration="2h")))
    (silence,) = house.alerts.silences.all("default")
    assert (silence.created_by, silence.ends_at) == ("alice", T0 + 2 * 3_600_000)
    assert (await replied(house))["blocks"][-1]["elements"][0]["text"] == "alice silenced it for 2h"


async def test_a_button_in_an_attachment_of_old_acknowledges(house: House) -> None:
    await house.fire("A")
    actions = [{"name": "acknowledge", "type": "button", "value": token(house)}]
    payload = {
        "type": "interactive_message",
        "actions": actions,
        "callback_id": "group",
        "team": {"id": "T1", "domain": "example"},
        "channel": {"id": "C1", "name": "ops"},
        "user": {"id": "U1", "name": "al"},
        "action_ts": "1.3",
        "message_ts": "1.2",
        "attachment_id": "1",
        "token": "verification",
        "original_message": {"text": "Hot", "attachments": [{"id": 1, "text": "x", "actions": actions}]},
        "response_url": f"{house.outside.url}/actions/1",
    }
    assert (await house.slack(payload)).status == 200
    assert house.by() == "alice"
    message = await replied(house)
    assert [one["text"] for one in message["attachments"]] == ["x", "alice acknowledged it"]
    assert message["attachments"][0]["actions"] == []


async def test_what_cannot_be_done_is_said_to_one_person_only(house: House) -> None:
    await house.fire("A")
    await house.slack(blocks_payload(house, "watchkeeper_acknowledge", token(house)[:-3]))
    message = await replied(house)
    assert (message["response_type"], message["replace_original"]) == ("ephemeral", False)
    assert house.by() == ""


@pytest.mark.parametrize("value", ["garbage", "e30.e30"])
async def test_a_button_whose_value_is_not_ours_is_refused_and_counted(house: House, value: str) -> None:
    await house.fire("A")
    await house.slack(blocks_payload(house, "watchkeeper_acknowledge", value))
    assert (await replied(house))["text"].startswith("Not done: ")
    assert house.figure("watchkeeper_callbacks_total", channel="slack", outcome="refused") == 1
    assert house.figure("watchkeeper_callbacks_total", channel="slack", outcome="taken") == 0
    (entry,) = await house.said("callback.refused")
    assert entry.startswith("a callback by slack was refused: of a button: the link")


async def test_forged_old_and_repeated_requests_are_refused(house: House) -> None:
    await house.fire("A")
    payload = blocks_payload(house, "watchkeeper_acknowledge", token(house))
    assert (await house.slack(payload, secret="another")).status == 401
    assert (await house.slack(payload, age_s=301)).status == 401
    assert house.by() == ""
    assert (await house.slack(payload)).status == 200
    await house.oncall.acknowledgements.release("default", KEY, "alice")
    assert (await house.slack(payload)).status == 401
    assert house.by() == ""
    assert house.figure("watchkeeper_callbacks_total", channel="slack", outcome="refused") == 3
    assert house.figure("watchkeeper_callbacks_total", channel="slack", outcome="taken") == 1
    (entry,) = await house.said("callback.refused")
    assert entry == "a callback by slack was refused: its signature (X-Slack-Signature) is not Slack's"


async def test_a_repeated_request_is_refused_after_a_restart_too(house: House) -> None:
    await house.fire("A")
    payload = blocks_payload(house, "watchkeeper_acknowledge", token(house))
    assert (await house.slack(payload)).status == 200
    await house.stop()
    await house.start()
    assert (await house.slack(payload)).status == 401


async def test_nobody_is_answered_elsewhere_than_configured(house: House) -> None:
    await house.fire("A")
    payload = blocks_payload(house, "watchkeeper_acknowledge", token(house))
    for elsewhere in (house.outside.url.replace("http://", "http://x@"), "http://hooks.slack.com/1", "//[", ""):
        house.clock.ms += 1000
        assert (await house.slack({**payload, "response_url": elsewhere})).status == 200
    assert house.outside.slack == []


@pytest.mark.parametrize("action", ["open_runbook", "acknowledge", "watchkeeper_other"])
async def test_other_buttons_are_none_of_ours(house: House, action: str) -> None:
    await house.fire("A")
    assert (await house.slack(blocks_payload(house, action, token(house)))).status == 200
    assert house.by() == ""


def test_the_signature_is_that_of_slacks_documentation() -> None:
    secret, at = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    check_slack(secret, at, signature, body, 1_531_420_618_000)
    for wrong in (signature[:-1], "", "v0=ü"):
        with pytest.raises(CallbackRefused):
            check_slack(secret, at, wrong, body, 1_531_420_618_000)


@given(
    st.sampled_from(["block_actions", "interactive_message"]),
    st.fixed_dictionaries(
        {}, optional={"actions": ACTIONS | JSON, "user": JSON, "message": JSON, "original_message": JSON}
    ),
)
def test_no_payload_is_too_strange(kind: str, parts: dict[str, Any]) -> None:
    payload = {"type": kind, **parts}
    button = pressed(payload)
    if button is not None:
        msgspec.json.encode(with_outcome(payload, button, "done"))
