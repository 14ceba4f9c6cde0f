"""Receivers who cannot be told: circuits, fallbacks, and rate limits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from aiohttp import web
from notify_house import HOUR_MS, T0, House, Open, Recorder, alert, configured

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Kind

OPEN = "watchkeeper_notify_circuit_open"
HASTY = "circuit_breaker: {failures: 2, after: 0s, pause: 1m, longest_pause: 3m}"


def receiver(recorder: Recorder, more: str = HASTY) -> str:
    return f"{{name: team, {more}, webhook_configs: [{{url: '{recorder.url}/team'}}]}}"


def alone(recorder: Recorder, more: str = HASTY) -> str:
    return f"receivers: [{receiver(recorder, more)}]"


def with_fallback(recorder: Recorder) -> str:
    spare = f"{{name: spare, webhook_configs: [{{url: '{recorder.url}/spare'}}]}}"
    return f"receivers: [{receiver(recorder, f'fallback: spare, {HASTY}')}, {spare}]"


def broken(times: int) -> list[web.Response]:
    return [web.Response(status=503) for _ in range(times)]


def is_open(room: House) -> float:
    return room.figure(OPEN, receiver="team", integration="webhook[0]")


async def test_who_fails_again_and_again_is_left_alone_then_probed_then_told(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(3)
    async with house(alone(recorder)) as room:
        assert room.registry.get_sample_value(OPEN, {"receiver": "team", "integration": "webhook[0]"}) == 0
        assert not await room.tell(alert(), deadline=T0 + 30_000)
        assert (len(recorder.take()), is_open(room)) == (2, 1)
        assert not await room.tell(alert(), deadline=room.clock.ms + 30_000)
        assert recorder.take() == []
        room.clock.ms += 60_000
        assert not await room.tell(alert(), deadline=room.clock.ms + 60_000)
        assert len(recorder.take()) == 1
        assert await room.tell(alert(), deadline=room.clock.ms + 180_000)
        assert (len(recorder.take()), is_open(room)) == (1, 0)


async def test_a_flush_waits_for_the_probe_where_its_group_is_not_due_before(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(2)
    async with house(alone(recorder)) as room:
        assert await room.tell(alert(), deadline=T0 + 300_000)
        assert room.clock.waits == [0.5, 0.75, 60.0 - 0.75]


async def test_a_short_outage_opens_no_circuit(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(7)
    async with house(alone(recorder, "fallback: ''")) as room:
        assert await room.tell(alert(), deadline=T0 + 300_000)
        assert (len(recorder.take()), room.alarms) == (8, [])


async def test_pauses_grow_to_the_longest(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(6)
    asked_s: list[float] = []
    async with house(alone(recorder)) as room:

        async def note() -> None:
            asked_s.append(room.clock.monotonic_s())

        recorder.on_request = note
        assert await room.tell(alert(), deadline=T0 + HOUR_MS)
    pauses = [round(after - before) for before, after in pairwise(asked_s)]
    assert pauses[1:] == [60, 120, 180, 180, 180]


async def test_an_open_circuit_is_an_alert_until_it_closes(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(2)
    async with house(alone(recorder)) as room:
        assert await room.tell(alert(), deadline=T0 + 300_000)
    fired, ended = room.alarms
    assert fired.labels == ended.labels
    assert dict(fired.labels) == {
        "alertname": "WatchkeeperReceiverFailing",
        "receiver": "team",
        "integration": "webhook[0]",
        "severity": "critical",
    }
    assert "2 attempts in a row have failed: POST" in fired.annotations["description"]
    assert "/team" not in fired.annotations["description"].replace(recorder.url, "").partition("…")[2]
    assert fired.starts_at == ended.starts_at < fired.ends_at
    assert ended.ends_at == room.clock.ms


async def test_the_journal_says_what_was_held_back(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(2)
    async with house(alone(recorder)) as room:
        await room.tell(alert(), deadline=T0 + 30_000)
        await room.tell(alert(), deadline=room.clock.ms + 30_000)
        entries = await room.recorded(Kind.NOTIFICATION_WITHHELD)
    assert [entry.text.partition(": ")[0] for entry in entries] == [
        "team/webhook[0] is left alone for now",
        "team/webhook[0] was not asked to tell of the group",
        "team/webhook[0] was not asked to tell of the group",
    ]
    assert {(e.receiver, e.integration, e.group_key, len(e.alerts)) for e in entries} == {
        ("team", "webhook[0]", '{}:{alertname="Hot"}', 1)
    }


async def test_a_reload_keeps_a_circuit_and_another_address_begins_anew(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(2)
    async with house(alone(recorder)) as room:
        await room.tell(alert(), deadline=T0 + 30_000)
        await room.apply(alone(recorder))
        assert is_open(room) == 1
        await room.apply(alone(recorder).replace("/team", "/elsewhere"))
        assert is_open(room) == 0
        assert [one.ends_at > room.clock.ms for one in room.alarms] == [True, False]
        assert await room.tell(alert())


async def test_the_fallback_is_told_why_and_of_the_end(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(2)
    async with house(with_fallback(recorder)) as room:
        assert not await room.tell(alert(), deadline=T0 + 30_000)
        *_, spare = recorder.take()
        assert (spare.path, spare.json()["receiver"], spare.json()["status"]) == ("/spare", "spare", "firing")
        assert spare.json()["note"] == "team cannot be told: 2 attempts in a row have failed"
        room.clock.ms += 60_000
        assert await room.tell(alert())
        assert [request.path for request in recorder.take()] == ["/team"]
        assert await room.tell(alert(ended=True))
        ends = {request.path: request.json()["status"] for request in recorder.take()}
        assert ends == {"/team": "resolved", "/spare": "resolved"}


async def test_who_was_never_told_hears_of_no_end(house: Open, recorder: Recorder) -> None:
    async with house(with_fallback(recorder)) as room:
        assert await room.tell(alert())
        assert await room.tell(alert(ended=True))
    assert [request.path for request in recorder.take()] == ["/team", "/team"]


async def test_the_fallback_is_told_where_a_notification_is_refused_for_good(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=404, text="gone")]
    async with house(with_fallback(recorder)) as room:
        assert not await room.tell(alert())
        first, spare = recorder.take()
        assert (first.path, spare.path) == ("/team", "/spare")
        assert "status 404 Not Found: gone" in spare.json()["note"]


async def test_the_note_stands_in_the_subject(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(1)
    chat = f"{{name: spare, discord_configs: [{{webhook_url: '{recorder.url}/spare'}}]}}"
    text = f"receivers: [{receiver(recorder, 'fallback: spare')}, {chat}]"
    async with house(text) as room:
        assert not await room.tell(alert(), deadline=T0 + 100)
        *_, spare = recorder.take()
    title = spare.json()["embeds"][0]["title"]
    assert title.startswith("[FIRING:1] Hot (a critical) – team cannot be told: given up after 1 attempt")


@pytest.mark.parametrize(
    ("fallbacks", "says"),
    [
        ("{name: a, fallback: b}", 'there is no receiver "b"'),
        ("{name: day, fallback: nigth}, {name: night}", 'did you mean "night"'),
        ("{name: a, fallback: a}", r'"a" falls back to itself \(a → a\)'),
        ("{name: a, fallback: b}, {name: b, fallback: a}", r"a → b → a"),
        ("{name: a, circuit_breaker: {pause: 0s}}", "pause must be longer than 0s"),
        ("{name: a, circuit_breaker: {longest_pause: 1s}}", "longest_pause must not be shorter than pause"),
        ("{name: a, rate_limit: {messages: 0}}", "messages and per must be greater than 0"),
    ],
)
def test_what_guards_a_receiver_is_checked(fallbacks: str, says: str) -> None:
    with pytest.raises(ConfigurationFailure, match=says):
        configured(f"receivers: [{fallbacks}]")


async def test_messages_above_the_limit_wait_in_their_order(house: Open, recorder: Recorder) -> None:
    async with house(alone(recorder, "rate_limit: {messages: 2, per: 1m}")) as room:
        for key in "abcd":
            assert await room.tell(alert(), group_key=key, deadline=room.clock.ms + 300_000)
        assert [request.json()["groupKey"] for request in recorder.take()] == list("abcd")
        assert room.clock.waits == [60.0]


async def test_a_group_that_is_due_before_its_turn_is_told_of_everything_then(house: Open, recorder: Recorder) -> None:
    async with house(alone(recorder, "rate_limit: {messages: 1, per: 1m}")) as room:
        assert await room.tell(alert("a"))
        assert not await room.tell(alert("a"), alert("b"), deadline=room.clock.ms + 10_000)
        assert len(recorder.take()) == 1
        [entry] = await room.recorded(Kind.NOTIFICATION_WITHHELD)
        assert entry.text == "team/webhook[0] has had as many messages as its rate limit allows"
        room.clock.ms += 60_000
        assert await room.tell(alert("a"), alert("b"), alert("c"))
        [request] = recorder.take()
        assert [one["labels"]["instance"] for one in request.json()["alerts"]] == ["a", "b", "c"]


async def test_a_restart_does_not_overrun_the_limit(house: Open, recorder: Recorder) -> None:
    text = alone(recorder, "rate_limit: {messages: 2, per: 1m}")
    for key in "ab":
        async with house(text) as room:
            assert await room.tell(alert(), group_key=key)
            room.clock.ms += 10_000
    async with house(text) as room:
        assert not await room.tell(alert(), group_key="c", deadline=room.clock.ms + 30_000)
        room.clock.waits = []
        assert await room.tell(alert(), group_key="c", deadline=room.clock.ms + 300_000)
        # Forty seconds are left of the first one's minute; what is kept is a part of the span late at the most.
        [wait_s] = room.clock.waits
        assert 40 <= wait_s <= 40.3
    assert [request.json()["groupKey"] for request in recorder.take()] == list("abc")


async def test_a_limit_that_has_passed_before_a_restart_holds_nobody_up(house: Open, recorder: Recorder) -> None:
    text = alone(recorder, "rate_limit: {messages: 1, per: 1m}")
    async with house(text) as room:
        assert await room.tell(alert(), group_key="a")
        room.clock.ms += 61_000
    async with house(text) as room:
        assert await room.tell(alert(), group_key="b")
        assert room.clock.waits == []


async def test_a_clock_that_is_set_back_over_a_restart_delays_by_no_more_than_the_span(
    house: Open, recorder: Recorder
) -> None:
    text = alone(recorder, "rate_limit: {messages: 1, per: 1m}")
    async with house(text) as room:
        assert await room.tell(alert(), group_key="a")
        room.clock.jumped_ms -= HOUR_MS
    async with house(text) as room:
        assert await room.tell(alert(), group_key="b", deadline=room.clock.now_ms() + 300_000)
        assert room.clock.waits == [60.0]


async def test_an_open_circuit_is_half_open_after_a_restart(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(4)
    async with house(alone(recorder)) as room:
        assert not await room.tell(alert(), deadline=T0 + 30_000)
        began = room.alarms[0].starts_at
        recorder.take()
    async with house(alone(recorder)) as room:
        assert is_open(room) == 1
        # One failure is enough, and the pause is twice what it was.
        assert not await room.tell(alert(), deadline=room.clock.ms + 90_000)
        assert len(recorder.take()) == 1
        assert [(one.starts_at, one.is_resolved(room.clock.ms)) for one in room.alarms] == [(began, False)]
    async with house(alone(recorder)) as room:
        recorder.answers = []
        assert await room.tell(alert(), deadline=room.clock.ms + 30_000)
        assert (len(recorder.take()), is_open(room)) == (1, 0)
        assert [(one.starts_at, one.is_resolved(room.clock.ms)) for one in room.alarms] == [(began, True)]
    async with house(alone(recorder)) as room:
        assert is_open(room) == 0


async def test_nothing_is_known_of_an_integration_that_was_away(house: Open, recorder: Recorder) -> None:
    recorder.answers = broken(2)
    async with house(alone(recorder)) as room:
        assert not await room.tell(alert(), deadline=T0 + 30_000)
    async with house(f"receivers: [{{name: other, webhook_configs: [{{url: '{recorder.url}'}}]}}]") as room:
        pass
    async with house(alone(recorder)) as room:
        assert is_open(room) == 0
