"""The slow, obvious twin of the backtest: the real rule engine, stepped through the past instant by instant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from watchkeeper.model.labels import Labels
from watchkeeper.rules import ActiveAlert, RuleGroup
from watchkeeper.rules.alert_state import AlertState
from watchkeeper.rules.group import House, RunningGroup


@dataclass(frozen=True)
class Fired:
    """One firing, as far as both twins know it."""

    labels: Labels
    annotations: Labels
    pending_since: int
    since: int
    until: int | None
    value: float
    peak: float


@dataclass
class _Watch:
    """What is known of one alert that is pending or firing."""

    peak: float
    fired: ActiveAlert | None = None


@dataclass
class Stepped:
    """What came of it, by rule."""

    firings: dict[str, list[Fired]] = field(default_factory=dict[str, list[Fired]])
    failures: dict[str, int] = field(default_factory=dict[str, int])


async def stepped(house: House, groups: Sequence[RuleGroup], since: int, until: int) -> Stepped:
    """Evaluate every group at the multiples of its interval, in the order of the file, and watch its alerts."""
    running = [RunningGroup(group, house) for group in groups]
    watched: dict[tuple[str, Labels], _Watch] = {}
    found = Stepped()
    step = math.gcd(*(group.interval_ms for group in groups))
    for at in range(-(-since // step) * step, until + 1, step):
        for one in running:
            if at % one.group.interval_ms == 0:
                await one.evaluate(at)
                _watch(one, at, watched, found)
    for (rule, _), one in watched.items():
        if one.fired is not None:
            found.firings.setdefault(rule, []).append(_told(one, None))
    for firings in found.firings.values():
        firings.sort(key=lambda one: (one.since, one.labels))
    return found


def _watch(group: RunningGroup, at: int, watched: dict[tuple[str, Labels], _Watch], found: Stepped) -> None:
    for run in group.rules:
        if run.alerter is None:
            continue
        name = run.rule.name
        if run.error:
            found.failures[name] = found.failures.get(name, 0) + 1
            continue
        active = run.alerter.active
        shown = {labels: alert for labels, alert in active.items() if alert.state is not AlertState.INACTIVE}
        for labels, alert in shown.items():
            watch = watched.setdefault((name, labels), _Watch(alert.value))
            watch.peak = max(watch.peak, alert.value)
            if alert.fired_at == at:
                watch.fired = alert
        for rule, labels in [key for key in watched if key[0] == name and key[1] not in shown]:
            gone = watched.pop((rule, labels))
            if gone.fired is not None:
                found.firings.setdefault(rule, []).append(_told(gone, active[labels].resolved_at))


def _told(watch: _Watch, until: int | None) -> Fired:
    alert = watch.fired
    assert alert is not None
    assert alert.fired_at is not None
    return Fired(alert.labels, alert.annotations, alert.active_at, alert.fired_at, until, alert.value, watch.peak)


def with_interval(groups: Sequence[RuleGroup], interval_ms: int) -> list[RuleGroup]:
    """The groups, all with another interval."""
    return [replace(group, interval_ms=interval_ms) for group in groups]
