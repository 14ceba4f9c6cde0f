"""Alerts after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from watchkeeper.rules.restoring import LastSeen, Restorer

MINUTE = 60_000
RULES = "groups: [{name: g, rules: [{alert: A, expr: up == 0, for: %s}]}]"


async def life(workshop: Any, hold: str, seconds: range, group: Any = None, **kwargs: Any) -> Any:
    """A process' rounds."""
    group = group or workshop.group(RULES % hold, **kwargs)
    for at_s in seconds:
        await workshop.put("up", 0, at_s)
        await workshop.evaluate(group, at_s)
    return group


def state(group: Any) -> str:
    return group.status().rules[0].state.value


@pytest.mark.parametrize("hold", ["2m", "20m"])
async def test_an_alert_that_was_firing_fires_again_soon(workshop: Any, hold: str) -> None:
    before = await life(workshop, hold, range(0, 1800, 60))
    assert state(before) == "firing"
    after = await life(workshop, hold, range(1860, 1980, 60), restored=False)
    assert state(after) == "pending"
    await Restorer().restore(after)
    await life(workshop, hold, range(1980, 2040, 60), group=after)
    assert state(after) == "firing"


async def test_a_pending_alert_goes_on_waiting_where_it_was(workshop: Any) -> None:
    await life(workshop, "30m", range(0, 601, 60))
    after = await life(workshop, "30m", range(900, 1020, 60), restored=False)
    await Restorer().restore(after)
    (alert,) = after.status().rules[0].alerts
    # Ten of the thirty minutes had passed at 600 s; the process came back at 960 s.
    assert alert.active_at == workshop.clock.ms - 10 * MINUTE


async def test_nothing_is_written_of_alerts_before_they_are_restored(workshop: Any) -> None:
    group = await life(workshop, "30m", range(0, 120, 60), restored=False)
    assert workshop.ask("ALERTS", 60) == {}
    await Restorer().restore(group)
    await life(workshop, "30m", range(120, 180, 60), group=group)
    assert len(workshop.ask("ALERTS", 120)) == 1


async def test_an_alert_from_too_long_ago_starts_anew(workshop: Any) -> None:
    await life(workshop, "30m", range(0, 601, 60))
    after = await life(workshop, "30m", range(8000, 8060, 60), restored=False)
    await Restorer().restore(after)
    (alert,) = after.status().rules[0].alerts
    assert alert.active_at == workshop.clock.ms


@pytest.mark.parametrize(
    ("hold_min", "waited_min", "down_min", "expected"),
    [
        (30, 30, 5, "as it was"),
        (5, 5, 1, "as it was"),
        (5, 4, 1, "anew"),
        (30, 25, 3, "in the grace period"),
        (30, 10, 7, "less the time down"),
    ],
)
def test_since_when_an_alert_counts_as_active(hold_min, waited_min, down_min, expected):
    seen = LastSeen(at=waited_min * MINUTE, active_at=0)
    now = (waited_min + down_min) * MINUTE
    since = Restorer(grace_ms=10 * MINUTE).active_since(hold_min * MINUTE, seen, now)
    assert (
        since
        == {
            "as it was": 0,
            "anew": None,
            "in the grace period": now + (10 - hold_min) * MINUTE,
            "less the time down": down_min * MINUTE,
        }[expected]
    )
