"""Alerts over columns live as they do step by step, whatever comes and goes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model.labels import Labels
from watchkeeper.rules.alert_state import ActiveAlert, AlertState, Course, Found
from watchkeeper.rules.backtest.course import Alarms
from watchkeeper.rules.backtest.sighting import Seen, Sighting
from watchkeeper.rules.rule import AlertingRule

STEP = 10
ONE = Labels({"alertname": "A"})

Life = tuple[int, int, int | None]


def step_by_step(found: Sequence[bool], hold: int, keep: int) -> list[Life]:
    """Pending since, firing since and until, of each firing."""
    course = Course(hold, keep)
    alert: ActiveAlert | None = None
    lives: list[Life] = []
    for i, there in enumerate(found):
        before = alert
        alert = course.next(ONE, alert, Found(Labels(), 1.0) if there else None, i * STEP)
        ended = before is not None and before.state is AlertState.FIRING and alert is not None
        if ended and alert is not None and alert.state is AlertState.INACTIVE:
            assert alert.fired_at is not None
            lives.append((alert.active_at, alert.fired_at, alert.resolved_at))
    if alert is not None and alert.state is AlertState.FIRING:
        assert alert.fired_at is not None
        lives.append((alert.active_at, alert.fired_at, None))
    return lives


def over_columns(found: Sequence[bool], hold: int, keep: int, cuts: Sequence[int]) -> list[Life]:
    """The same from pieces that begin at `cuts`."""
    alarms = Alarms(AlertingRule("A", "x", hold, keep))
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(found)}), len(found)]
    for begin, end in pairwise(edges):
        steps = [i - begin for i in range(begin, end) if found[i]]
        seen = Seen({ONE: Sighting(steps, [1.0] * len(steps), [0] * len(steps))} if steps else {})
        alarms.take([i * STEP for i in range(begin, end)], seen, lambda row, step: Labels())
    return [(one.pending_since, one.since, one.until) for one in alarms.end()]


@given(
    st.lists(st.booleans(), min_size=1, max_size=60),
    st.integers(0, 8),
    st.integers(0, 8),
    st.lists(st.integers(1, 59), max_size=4),
)
def test_columns_give_what_steps_give(found: list[bool], hold: int, keep: int, cuts: list[int]) -> None:
    assert over_columns(found, hold * 7, keep * 7, cuts) == step_by_step(found, hold * 7, keep * 7)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 3), st.integers(0, 5))
def test_what_fails_and_recovers_gives_the_same_at_once_and_in_pieces(kinds: list[int], hold: int, keep: int) -> None:
    rule = AlertingRule("A", "x", hold * STEP, keep * STEP)
    at_once, in_pieces = Alarms(rule), Alarms(rule)
    steps = [i for i, kind in enumerate(kinds) if kind != 1]
    doubled = [i for i, kind in enumerate(kinds) if kind == 3]
    at_once.take(
        [i * STEP for i in range(len(kinds))],
        Seen({ONE: Sighting(steps, [1.0] * len(steps), [0] * len(steps))} if steps else {}, doubled),
        lambda row, step: Labels(),
    )
    for i, kind in enumerate(kinds):
        if kind == 3:
            in_pieces.fail([i * STEP], "no")
        else:
            seen = Seen({ONE: Sighting([0], [1.0], [0])} if kind != 1 else {})
            in_pieces.take([i * STEP], seen, lambda row, step: Labels())
    assert at_once.end() == in_pieces.end()
