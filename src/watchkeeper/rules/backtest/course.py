"""The lives of a rule's alerts over columns: the state machine runs where something changes, and skips the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from watchkeeper.model.labels import Labels
from watchkeeper.rules.alert_state import ActiveAlert, AlertState, Course, Found
from watchkeeper.rules.alerting import SETTLING_MS
from watchkeeper.rules.backtest.firing import Firing
from watchkeeper.rules.backtest.sighting import SAME_LABELS, Seen, Sighting
from watchkeeper.rules.rule import AlertingRule

Annotate = Callable[[int, int], Labels]
"""Renders annotations for a row of the result, at a step."""
_NONE = Labels()
_NOWHERE = Sighting()


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert was pending or firing, and had been since `active_at`, at the steps from `first` to `last`."""

    labels: Labels
    state: AlertState
    active_at: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Which alerts show where in a piece, and the steps at which the rule failed."""

    shown: list[Shown]
    failed: list[int]


@dataclass(slots=True)
class _Life:
    """An alert that is pending or firing; `peak` is NaN until there is a number."""

    alert: ActiveAlert
    peak: float = math.nan
    value: float = math.nan


class Alarms:
    """A rule's alerts, taken through one piece of time after the other."""

    def __init__(self, rule: AlertingRule, limit: int = 0, *, below: bool = False) -> None:
        """`limit` is the group's; `below` says that the rule fires on low values, of which the peak is the lowest."""
        self.rule = rule
        self.firings: list[Firing] = []
        self.failures: dict[str, int] = {}
        self._limit = limit
        self._peak = _lower if below else _higher
        self._lives: dict[Labels, _Life] = {}
        self._failing_since: int | None = None
        self._settled_at: int | None = None

    def fail(self, instants: Sequence[int], why: str) -> None:
        """Take note that evaluations came to nothing: alerts stay as they are."""
        self.failures[why] = self.failures.get(why, 0) + len(instants)
        if self._failing_since is None:
            self._failing_since = instants[0]

    def take(self, instants: Sequence[int], seen: Seen, annotate: Annotate) -> Taken:
        """Go on through evaluations as of `instants` (ms)."""
        taken = Taken([], list(seen.ambiguous))
        first = 0
        for step in (*seen.ambiguous, len(instants)):
            if first < step:
                self._stretch(instants, seen, (first, step), annotate, taken)
            if step < len(instants):
                self.fail(instants[step : step + 1], SAME_LABELS)
            first = step + 1
        return taken

    def end(self) -> list[Firing]:
        """All firings in the order of their beginning; those that have not ended have no end."""
        for labels, life in self._lives.items():
            if life.alert.state is AlertState.FIRING:
                self._tell(labels, life, None)
        self._lives.clear()
        return sorted(self.firings, key=lambda one: (one.since, one.labels))

    def _stretch(
        self, instants: Sequence[int], seen: Seen, span: tuple[int, int], annotate: Annotate, taken: Taken
    ) -> None:
        """Go on through steps of which none fails, unless a limit says so."""
        if self._limit <= 0:
            taken.shown.extend(self._all(instants, seen, span, annotate))
            return
        for step in range(*span):
            before = {labels: replace(life) for labels, life in self._lives.items()}
            told = len(self.firings)
            some = self._all(instants, seen, (step, step + 1), annotate)
            if len(some) > self._limit:
                self._lives = before
                del self.firings[told:]
                why = f"exceeded limit of {self._limit} with {len(some)} alerts"
                self.fail(instants[step : step + 1], why)
                taken.failed.append(step)
            else:
                taken.shown.extend(some)

    def _all(self, instants: Sequence[int], seen: Seen, span: tuple[int, int], annotate: Annotate) -> list[Shown]:
        at = instants[span[0]]
        if self._failing_since is not None:
            self._settled_at = at + min(at - self._failing_since, SETTLING_MS)
            self._failing_since = None
        shown: list[Shown] = []
        for labels in {**self._lives, **seen.alerts}:
            sighting = seen.alerts.get(labels, _NOWHERE).within(*span)
            if sighting.steps or labels in self._lives:
                shown += self._one(labels, instants, sighting, span, annotate)
        return shown

    def _one(
        self, labels: Labels, instants: Sequence[int], sighting: Sighting, span: tuple[int, int], annotate: Annotate
    ) -> list[Shown]:
        """Take one alert through the steps of `span`."""
        shown: list[Shown] = []
        steps, i, p = sighting.steps, span[0], 0
        while i < span[1]:
            last = i
            if p < len(steps) and steps[p] == i:
                life = self._found(labels, instants[i], sighting.values[p])
                if life.alert.state is AlertState.FIRING:
                    if life.alert.fired_at == instants[i]:
                        noted = replace(life.alert, annotations=annotate(sighting.rows[p], i))
                        life.alert, life.value = noted, sighting.values[p]
                    end = _run_end(steps, p)
                    for value in sighting.values[p + 1 : end]:
                        life.peak = self._peak(life.peak, value)
                    last, p = steps[end - 1], end
                else:
                    p += 1
            elif not self._missing(labels, instants[i]):
                i = steps[p] if p < len(steps) else span[1]
                continue
            alert = self._lives[labels].alert
            shown.append(Shown(labels, alert.state, alert.active_at, i, last))
            i = last + 1
        return shown

    def _found(self, labels: Labels, at: int, value: float) -> _Life:
        life = self._lives.get(labels)
        noted = life.alert.annotations if life is not None else _NONE
        alert = self._course(at).next(labels, life.alert if life is not None else None, Found(noted, value), at)
        assert alert is not None, "what is found is remembered"
        if life is None:
            life = self._lives[labels] = _Life(alert)
        life.alert = alert
        life.peak = self._peak(life.peak, value)
        return life

    def _missing(self, labels: Labels, at: int) -> bool:
        """Take an alert through a step at which it is not found; whether it still shows."""
        life = self._lives.get(labels)
        if life is None:
            return False
        alert = self._course(at).next(labels, life.alert, None, at)
        if alert is not None and alert.state is not AlertState.INACTIVE:
            life.alert = alert
            return True
        if alert is not None:
            self._tell(labels, life, alert.resolved_at)
        del self._lives[labels]
        return False

    def _course(self, at: int) -> Course:
        settling = self._settled_at is not None and at < self._settled_at
        return Course(self.rule.hold_ms, self.rule.keep_firing_ms, settling)

    def _tell(self, labels: Labels, life: _Life, until: int | None) -> None:
        alert = life.alert
        assert alert.fired_at is not None, "only what fires is told"
        firing = Firing(labels, alert.annotations, alert.active_at, alert.fired_at, until, life.value, life.peak)
        self.firings.append(firing)


def _run_end(steps: Sequence[int], begin: int) -> int:
    """The position after the last of the steps that follow one another from the one at `begin` on."""
    low, high = begin, len(steps)
    while low + 1 < high:
        middle = (low + high) // 2
        if steps[middle] - steps[begin] == middle - begin:
            low = middle
        else:
            high = middle
    return low + 1


def _higher(one: float, other: float) -> float:
    return one if other != other or one >= other else other


def _lower(one: float, other: float) -> float:
    return one if other != other or one <= other else other
