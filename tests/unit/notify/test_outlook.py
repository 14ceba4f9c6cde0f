"""What a receiver knows, and what it is told next."""

from __future__ import annotations

from aiohttp import web
from notify_house import HOUR_MS, T0, House, Open, Recorder, alert, flush

from watchkeeper.model.alert import Alert
from watchkeeper.notify import Knowledge, Outlook


def hook(recorder: Recorder, more: str = "") -> str:
    return f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}/hook', {more}}}]}}]"


def outlook(room: House, *alerts: Alert, next_at: int = T0) -> Outlook:
    """About the first of the alerts."""
    (found,) = room.notify.outlooks(flush(alerts, at=room.clock.ms), alerts[0].labels, next_at)
    return found


async def test_who_was_never_told_is_told_next(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        found = outlook(room, alert())
    assert (found.knows, found.next, found.told_at) == (Knowledge.NOTHING, "first notification", None)
    assert found.why == "was never told of this group; the next flush tells it: first notification"


async def test_who_was_told_hears_the_same_after_the_repeat_interval(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        await room.tell(alert())
        now, later = outlook(room, alert()), outlook(room, alert(), next_at=T0 + 4 * HOUR_MS + 1)
    assert (now.knows, now.next, now.told_at) == (Knowledge.FIRING, "", T0)
    assert now.why == (
        "was told at 2025-11-21 04:40:00 UTC; it knows all that there is to say, and is told the same again after"
        " 2025-11-21 08:40:00 UTC"
    )
    assert later.next == "repeat interval elapsed"


async def test_a_new_alert_of_the_group_is_told_next(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        await room.tell(alert("a"))
        found = outlook(room, alert("b"), alert("a"))
    assert (found.knows, found.next) == (Knowledge.NOTHING, "new alerts added")


async def test_ends_that_nobody_wants_to_hear_are_not_told(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder, "send_resolved: false")) as room:
        await room.tell(alert())
        found = outlook(room, alert(ended=True))
    assert (found.knows, found.next) == (Knowledge.FIRING, "")
    assert "send_resolved is off" in found.why


async def test_a_failure_is_told_with_its_answer_and_tried_again(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(status=400, text="no such channel")]
    async with house(hook(recorder)) as room:
        await room.tell(alert())
        found = outlook(room, alert())
    assert (found.state, found.next) == ("failed", "first notification")
    assert "could not be told at 2025-11-21 04:40:00 UTC" in found.why
    assert "no such channel" in found.why


async def test_a_question_changes_nothing(house: Open, recorder: Recorder) -> None:
    async with house(hook(recorder)) as room:
        outlook(room, alert())
        assert await room.tell(alert())
    assert len(recorder.take()) == 1
