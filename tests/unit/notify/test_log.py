"""What is remembered of notifications, over restarts and failures."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace

import pytest
from aiohttp import web
from notify_house import HOUR_MS, Clock, Open, Recorder, alert, flush
from prometheus_client import CollectorRegistry

from watchkeeper.journal import Journal
from watchkeeper.notify.dedup import Content
from watchkeeper.notify.keeping import State
from watchkeeper.notify.key import Key
from watchkeeper.notify.log import RETENTION_MS, SWEEP_MS, NotificationLog
from watchkeeper.store.control import ControlDatabase

KEY = Key("default", '{}:{alertname="Hot"}', "team", "webhook[0]")
CONTENT = Content(frozenset({1, (1 << 64) - 1}), frozenset({2}))
STATES = "SELECT state, detail FROM notification_log"


@pytest.fixture
def control_url(every_control_url: str) -> str:
    """All of this holds on SQLite and on PostgreSQL."""
    return every_control_url


def hook(recorder: Recorder, more: str = "") -> str:
    return f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}/hook', {more}}}]}}]"


async def opened(control: ControlDatabase, clock: Clock) -> NotificationLog:
    journal = Journal(control, clock, CollectorRegistry(), lambda: secrets.token_hex(8))
    log = NotificationLog(control, journal, clock)
    await log.open()
    return log


async def test_an_entry_survives_a_restart_as_it_was(control: ControlDatabase, clock: Clock) -> None:
    log = await opened(control, clock)
    await log.sent(KEY, CONTENT, HOUR_MS, memory='{"ts": "1.2"}')
    again = await opened(control, clock)
    assert again.entry(KEY) == log.entry(KEY)
    told = again.entry(KEY)
    assert told is not None
    assert told.told is not None
    assert (told.told.firing, told.told.resolved, told.memory) == (CONTENT.firing, CONTENT.resolved, '{"ts": "1.2"}')


async def test_an_entry_is_kept_for_two_repeat_intervals_and_five_days_at_the_most_until_the_next_sweep(
    control: ControlDatabase, clock: Clock
) -> None:
    log = await opened(control, clock)
    await log.sent(KEY, CONTENT, HOUR_MS + 1)
    clock.ms += 2 * HOUR_MS + SWEEP_MS - 1
    assert log.entry(KEY) is not None
    clock.ms += 1
    assert log.entry(KEY) is None
    await log.sent(KEY, CONTENT, 1000 * HOUR_MS)
    clock.ms += RETENTION_MS - 1
    assert log.entry(KEY) is not None
    clock.ms += SWEEP_MS
    assert log.entry(KEY) is None


async def test_an_entry_that_expired_a_moment_ago_survives_a_restart(control: ControlDatabase, clock: Clock) -> None:
    log = await opened(control, clock)
    await log.sent(KEY, CONTENT, 1000)
    clock.ms += 5000
    again = await opened(control, clock)
    assert again.entry(KEY) == log.entry(KEY)
    assert again.entry(KEY) is not None


async def test_entries_that_have_expired_leave_the_database(control: ControlDatabase, clock: Clock) -> None:
    log = await opened(control, clock)
    await log.sent(KEY, CONTENT, HOUR_MS)
    clock.ms += 2 * HOUR_MS + SWEEP_MS
    await log.sent(Key("default", "other", "team", "webhook[0]"), CONTENT, HOUR_MS)
    assert await control.rows("SELECT group_key FROM notification_log") == [("other",)]


async def test_a_failure_keeps_what_was_told_before(control: ControlDatabase, clock: Clock) -> None:
    log = await opened(control, clock)
    await log.sent(KEY, CONTENT, HOUR_MS, memory="m")
    await log.failed(KEY, "refused", HOUR_MS)
    entry = log.entry(KEY)
    assert entry is not None
    assert entry.told is not None
    assert (entry.state, entry.detail, entry.told.firing, entry.memory) == (
        State.FAILED,
        "refused",
        CONTENT.firing,
        "m",
    )


async def test_many_entries_at_once_share_transactions(control: ControlDatabase, clock: Clock) -> None:
    log = await opened(control, clock)
    keys = [Key("default", f"g{i}", "team", "webhook[0]") for i in range(300)]
    await asyncio.gather(*(log.sent(key, CONTENT, HOUR_MS) for key in keys))
    again = await opened(control, clock)
    assert all(again.entry(key) is not None for key in keys)


async def cut_off(house: Open, recorder: Recorder, control: ControlDatabase) -> None:
    """A notification that arrives, and of which nobody records that it did."""
    async with house(hook(recorder)) as room:
        arrived, forever = asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            arrived.set()
            await forever.wait()

        recorder.on_request = hang
        telling = asyncio.create_task(room.tell(alert()))
        await arrived.wait()
        assert await control.rows(STATES) == [("sending", "")]
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        forever.set()
    recorder.on_request = None
    recorder.take()


async def test_a_notification_cut_off_between_sending_and_recording_is_unknown_and_repeated(
    house: Open, recorder: Recorder, control: ControlDatabase
) -> None:
    await cut_off(house, recorder, control)
    async with house(hook(recorder)) as room:
        assert await control.rows(STATES) == [("unknown", "")]
        assert await room.tell(alert())
        assert await control.rows(STATES) == [("sent", "")]
        assert await room.tell(alert())
    assert len(recorder.take()) == 1


async def test_the_end_of_an_alert_is_told_to_whoever_may_know_of_its_beginning(
    house: Open, recorder: Recorder, control: ControlDatabase
) -> None:
    await cut_off(house, recorder, control)
    async with house(hook(recorder)) as room:
        recorder.answers = [web.Response(status=400)]
        assert not await room.tell(alert(ended=True))
        recorder.take()
        assert await room.tell(alert(ended=True))
        assert await room.tell(alert(ended=True))
    assert [json.loads(request.body)["status"] for request in recorder.take()] == ["resolved"]


async def test_nobody_is_told_the_end_of_what_was_refused(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=400)]
    async with house(hook(recorder)) as room:
        assert not await room.tell(alert())
        recorder.take()
        assert await room.tell(alert(ended=True))
    assert recorder.take() == []


async def test_a_refusal_is_recorded_with_its_reason(house: Open, recorder: Recorder, control: ControlDatabase) -> None:
    recorder.answers = [web.Response(status=400, text="no such thing")]
    async with house(hook(recorder)) as room:
        assert not await room.tell(alert())
    [(state, detail)] = await control.rows(STATES)
    assert state == "failed"
    assert detail == f"POST {recorder.url}/…: status 400 Bad Request: no such thing"


async def test_where_resolved_alerts_are_not_sent_their_end_is_known_all_the_same(
    house: Open, recorder: Recorder
) -> None:
    async with house(hook(recorder, "send_resolved: false")) as room:
        assert await room.tell(alert("a"), alert("b"))
        assert await room.tell(alert("a", ended=True), alert("b", ended=True))
        assert await room.tell(alert("a"), alert("b", ended=True))
        first, second = (request.json() for request in recorder.take())
        assert (first["notification_reason"], second["notification_reason"]) == ("first notification",) * 2
        assert [one["labels"]["instance"] for one in second["alerts"]] == ["a"]


async def test_groups_integrations_and_tenants_are_told_apart(house: Open, recorder: Recorder) -> None:
    two = f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}/1'}}, {{url: '{recorder.url}/2'}}]}}]"
    async with house(two) as room:
        await room.notify.notify(flush([alert()]))
        await room.notify.notify(flush([alert()], tenant="shop"))
        await room.notify.notify(flush([alert()], group_key="other"))
        await room.notify.notify(flush([alert()]))
        assert sorted(request.path for request in recorder.take()) == ["/1"] * 3 + ["/2"] * 3


async def test_a_log_that_cannot_be_written_keeps_nobody_from_being_told(
    house: Open, recorder: Recorder, control: ControlDatabase
) -> None:
    async with house(hook(recorder)) as room:
        await control.run([("DROP TABLE notification_log", [{}])])
        assert await room.tell(alert())
        assert await room.tell(alert())
        assert room.figure("watchkeeper_notification_log_failures_total") == 2
        assert len(recorder.take()) == 1


async def test_a_clock_that_is_set_forward_makes_us_forget_nobody_who_was_told(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        assert await room.tell(alert())
        room.clock.jumped_ms = 24 * HOUR_MS
        assert await room.tell(replace(alert(), ends_at=room.clock.now_ms() - 1))
        assert [request.json()["status"] for request in recorder.take()] == ["firing", "resolved"]
