"""When there is something to say: Alertmanager's rules as a table, and that no change is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_house import HOUR_MS, T0, alert

from watchkeeper.notify.dedup import Content, Reason, Told, reason_to_tell

REPEAT_MS = 4 * HOUR_MS


def content(firing: str, resolved: str = "") -> Content:
    return Content(frozenset(map(ord, firing)), frozenset(map(ord, resolved)))


def told(firing: str, resolved: str = "", ago_ms: int = 1000) -> Told:
    known = content(firing, resolved)
    return Told(known.firing, known.resolved, T0 - ago_ms)


# What was told, what there is to tell, and why it is told where resolved alerts are sent and where they are not.
CASES = [
    (None, content("a"), Reason.FIRST, Reason.FIRST),
    (None, content("a", "b"), Reason.FIRST, Reason.FIRST),
    (None, content("", "a"), None, None),
    (None, content(""), None, None),
    (told("a"), content("a"), None, None),
    (told("ab"), content("a"), None, None),
    (told("a"), content("ab"), Reason.NEW_ALERTS, Reason.NEW_ALERTS),
    (told("a"), content("b"), Reason.NEW_ALERTS, Reason.NEW_ALERTS),
    (told("", "a"), content("a"), Reason.FIRST, Reason.FIRST),
    (told("a"), content("", "a"), Reason.ALL_RESOLVED, Reason.ALL_RESOLVED),
    (told("", "a"), content("", "a"), None, None),
    (told("", "a"), content("", "b"), None, None),
    (told("ab"), content("a", "b"), Reason.NEW_RESOLVED, None),
    (told("a", "b"), content("a", "b"), None, None),
    (told("a", "b"), content("a"), None, None),
    (told("a", ago_ms=REPEAT_MS), content("a"), None, None),
    (told("a", ago_ms=REPEAT_MS + 1), content("a"), Reason.REPEAT, Reason.REPEAT),
    (told("", "a", ago_ms=REPEAT_MS + 1), content("", "a"), None, None),
]


@pytest.mark.parametrize("send_resolved", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_the_rules_are_alertmanagers(
    case: tuple[Told | None, Content, Reason | None, Reason | None], send_resolved: bool
) -> None:
    known, new, with_resolved, without = case
    got = reason_to_tell(known, new, send_resolved=send_resolved, repeat_interval_ms=REPEAT_MS, at=T0)
    assert got is (with_resolved if send_resolved else without)


ALERTS = st.frozensets(st.integers(0, 5))


@given(st.lists(st.tuples(ALERTS, ALERTS), max_size=12), st.booleans())
def test_no_change_is_lost(flushes: list[tuple[frozenset[int], frozenset[int]]], send_resolved: bool) -> None:
    """Whatever the order of flushes, the receiver knows of each alert that fires, and of the end of all of them."""
    known: Told | None = None
    for step, (firing, ended) in enumerate(flushes):
        new, at = Content(firing, ended - firing), T0 + step
        if reason_to_tell(known, new, send_resolved=send_resolved, repeat_interval_ms=REPEAT_MS, at=at):
            known = Told(new.firing, new.resolved, at)
        seen_firing = known.firing if known is not None else frozenset[int]()
        assert new.firing <= seen_firing
        assert bool(new.firing) == bool(seen_firing)
        if send_resolved and new.firing:
            assert known is not None
            assert new.resolved <= known.resolved


def test_alerts_are_told_apart_by_their_labels_and_ended_by_the_instant() -> None:
    before, after = Content.of([alert("a"), alert("b", ended=True)], T0), Content.of([alert("a"), alert("b")], T0)
    assert (len(before.firing), len(before.resolved)) == (1, 1)
    assert before.firing | before.resolved == after.firing
