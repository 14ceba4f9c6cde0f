"""What the journal says of notifications."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web
from notify_house import House, Open, Recorder, alert

from watchkeeper.journal import Entry, Kind, Search
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.store.control import ControlDatabase

A, B = (fingerprint(alert(name).labels) for name in "ab")


def hook(recorder: Recorder, more: str = "") -> str:
    return f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}/secret-path', {more}}}]}}]"


async def entries(room: House, **conditions: str) -> list[Entry]:
    """Oldest first."""
    return list(reversed(await room.journal.find(Search(**conditions))))  # type: ignore[arg-type]  # texts, all


async def test_each_notification_is_recorded_with_its_reason_and_its_answer(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        await room.tell(alert("a"))
        await room.tell(alert("a"), alert("b"))
        await room.tell(alert("a"), alert("b", ended=True))
        first, new, resolved = await entries(room)
    assert first.text == (
        'team (webhook[0]) was told of 1 firing alert of the group {alertname="Hot"} (first notification);'
        " the answer was 200 OK"
    )
    assert first.kind is Kind.NOTIFICATION_SENT
    assert (first.receiver, first.integration, first.group_key) == ("team", "webhook[0]", '{}:{alertname="Hot"}')
    assert (first.alerts, new.alerts, resolved.alerts) == ((A,), (A, B), (A, B))
    assert "2 firing alerts" in new.text
    assert "(new alerts added)" in new.text
    assert "1 firing alert and 1 resolved alert" in resolved.text
    assert resolved.details["reason"] == "some alerts resolved"
    assert (resolved.details["firing"], resolved.details["resolved"], resolved.details["attempts"]) == (1, 1, 1)


async def test_nothing_new_to_tell_leaves_no_entry(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        await room.tell(alert())
        await room.tell(alert())
        assert len(await entries(room)) == 1


async def test_attempts_are_counted(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=503), web.Response(status=503)]
    async with house(hook(recorder)) as room:
        await room.tell(alert())
        (entry,) = await entries(room)
    assert "in 3 attempts; the answer was 200 OK" in entry.text
    assert entry.details["attempts"] == 3


async def test_a_failure_is_recorded_with_the_answer_and_without_the_address(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=400, text="no such channel")]
    async with house(hook(recorder)) as room:
        await room.tell(alert())
        (entry,) = await entries(room)
    assert entry.kind is Kind.NOTIFICATION_FAILED
    assert "status 400 Bad Request: no such channel" in entry.text
    assert entry.details["answer"] == "400 Bad Request"
    assert "secret-path" not in f"{entry.text}{entry.details}"


async def test_an_end_that_nobody_wants_to_hear_is_withheld_once(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder, "send_resolved: false")) as room:
        await room.tell(alert())
        await room.tell(alert(ended=True))
        await room.tell(alert(ended=True))
        (withheld,) = await entries(room, text="send_resolved is off")
    assert withheld.kind is Kind.NOTIFICATION_WITHHELD
    assert withheld.alerts == (A,)


async def test_what_was_being_told_when_the_process_ended_is_unknown(
    house: Open, recorder: Recorder, control: ControlDatabase
) -> None:
    async with house(hook(recorder)) as room:
        arrived, forever = asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            arrived.set()
            await forever.wait()

        recorder.on_request = hang
        telling = asyncio.create_task(room.tell(alert("a"), alert("b")))
        await arrived.wait()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        forever.set()
    recorder.on_request = None
    async with house(hook(recorder)) as room:
        (entry,) = await entries(room, alert=B)
        assert entry.kind is Kind.NOTIFICATION_UNKNOWN
        assert entry.alerts == (A, B)
        assert "the process ended between sending and knowing the answer" in entry.text
    async with house(hook(recorder)) as room:
        assert len(await entries(room)) == 1


async def test_a_database_that_refuses_the_log_keeps_the_entry_for_later(
    house: Open, recorder: Recorder, control: ControlDatabase, tmp_path: Path
) -> None:
    async with house(hook(recorder)) as room:
        await control.run([("ALTER TABLE notification_log RENAME TO elsewhere", [{}])])
        assert await room.tell(alert())
        (entry,) = await entries(room)
        assert entry.kind is Kind.NOTIFICATION_SENT
