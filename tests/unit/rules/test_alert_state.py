"""One alert's life."""

from __future__ import annotations

import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.rules.alert_state import RESOLVED_RETENTION_MS, ActiveAlert, AlertState, Course, Found

LABELS = Labels({"alertname": "A"})
HERE = Found(Labels(), 1.0)


def lived(course: Course, *steps: tuple[int, Found | None], alert: ActiveAlert | None = None) -> ActiveAlert | None:
    """The alert after evaluations at these seconds."""
    for at_s, found in steps:
        alert = course.next(LABELS, alert, found, at_s * 1000)
    return alert


def test_an_alert_without_hold_fires_at_once():
    alert = lived(Course(0, 0), (10, HERE))
    assert alert is not None
    assert (alert.state, alert.active_at, alert.fired_at) == (AlertState.FIRING, 10_000, 10_000)


@pytest.mark.parametrize(("at_s", "state"), [(69, AlertState.PENDING), (70, AlertState.FIRING)])
def test_an_alert_fires_once_it_has_been_there_for_its_hold(at_s, state):
    alert = lived(Course(60_000, 0), (10, HERE), (at_s, HERE))
    assert alert is not None
    assert alert.state is state


def test_a_pending_alert_that_goes_is_forgotten():
    assert lived(Course(60_000, 0), (10, HERE), (20, None)) is None


def test_a_pending_alert_that_goes_and_comes_begins_anew():
    alert = lived(Course(60_000, 0), (10, HERE), (20, None), (30, HERE), (80, HERE))
    assert alert is not None
    assert (alert.state, alert.active_at) == (AlertState.PENDING, 30_000)


def test_a_firing_alert_that_goes_is_resolved_and_remembered():
    course = Course(0, 0)
    last = 20 + RESOLVED_RETENTION_MS // 1000
    alert = lived(course, (10, HERE), (20, None), (last, None))
    assert alert is not None
    assert (alert.state, alert.resolved_at) == (AlertState.INACTIVE, 20_000)
    assert lived(course, (last + 1, None), alert=alert) is None


def test_a_resolved_alert_that_comes_back_is_a_new_one():
    alert = lived(Course(0, 0), (10, HERE), (20, None), (30, HERE))
    assert alert is not None
    assert (alert.state, alert.fired_at, alert.resolved_at) == (AlertState.FIRING, 30_000, None)


@pytest.mark.parametrize(("at_s", "state"), [(79, AlertState.FIRING), (80, AlertState.INACTIVE)])
def test_an_alert_is_kept_firing_after_its_series_has_gone(at_s, state):
    alert = lived(Course(0, 60_000), (10, HERE), (20, None), (at_s, None))
    assert alert is not None
    assert alert.state is state


def test_a_series_that_returns_ends_the_keeping():
    alert = lived(Course(0, 60_000), (10, HERE), (20, None), (70, HERE), (80, None))
    assert alert is not None
    assert (alert.state, alert.keep_firing_since) == (AlertState.FIRING, 80_000)


def test_nothing_resolves_while_settling():
    alert = lived(Course(0, 0, settling=True), (10, HERE), (20, None))
    assert alert is not None
    assert alert.state is AlertState.FIRING


def sent(alert: ActiveAlert | None, at_s: int) -> bool:
    assert alert is not None
    return alert.needs_sending(at_s * 1000, 60_000)


def test_a_pending_alert_is_not_sent():
    assert not sent(lived(Course(60_000, 0), (10, HERE)), 10)


def test_a_firing_alert_is_sent_at_once_and_then_after_each_delay():
    from dataclasses import replace

    alert = lived(Course(0, 0), (10, HERE))
    assert sent(alert, 10)
    assert alert is not None
    told = replace(alert, last_sent_at=10_000)
    assert [sent(told, at_s) for at_s in (20, 70, 71)] == [False, False, True]
    resolved = lived(Course(0, 0), (20, None), alert=told)
    assert sent(resolved, 20)
