"""The rules of a file, as if they had been switched on some time ago."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.nights import Nights
from watchkeeper.query.promql import Cancellation, Engine, QueryCancelled, Source
from watchkeeper.rules.alerting import Surroundings
from watchkeeper.rules.backtest.firing import Firing, Totals, totals
from watchkeeper.rules.backtest.past import Past
from watchkeeper.rules.backtest.plan import Plan, planned
from watchkeeper.rules.backtest.rule_course import AlertingCourse, RecordingCourse, RuleCourse
from watchkeeper.rules.backtest.suggestion import Aim, Suggestion, suggested
from watchkeeper.rules.failure import RulesFailure
from watchkeeper.rules.rule import AlertingRule, RuleGroup

_CELLS = 2_000_000
"""So many points of a result are held at once, about."""
_FIRST_STEPS, _MOST_STEPS = 240, 4000
_MOST_EVALUATIONS = 1_000_000


class BacktestFailure(RulesFailure):
    """A backtest that cannot be made."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know: which alerts would have fired from `since` to `until` (ms, both ends included).

    `rules` names those that are meant, empty for all. `interval_ms` stands in for the groups' own where it is not 0.
    `aim` asks for a threshold.
    """

    since: int
    until: int
    rules: frozenset[str] = frozenset()
    interval_ms: int = 0
    nights: Nights = field(default_factory=Nights)
    flap_within_ms: int = 600_000
    aim: Aim | None = None


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """What would have become of one rule; `failures` says how many evaluations failed, by why."""

    group: RuleGroup
    rule: AlertingRule
    firings: Sequence[Firing]
    totals: Totals
    failures: dict[str, int]
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The answer: each rule that was asked for, in the order of the file; `evaluations` were made for all of them."""

    question: Question
    rules: Sequence[RuleHistory]
    evaluations: int


Progress = Callable[[float], None]
"""Told how much of the work is done, from 0 to 1."""


class Backtest:
    """Runs over the samples that `source` has; blocking, breaks off on `cancellation`, writes nothing anywhere."""

    def __init__(
        self,
        engine: Engine,
        source: Source,
        around: Surroundings | None = None,
        cancellation: Cancellation | None = None,
        progress: Progress = lambda _: None,
        most_steps: int = _MOST_STEPS,
    ) -> None:
        """At most `most_steps` evaluations of a rule are made at once, fewer where a rule has many series."""
        self._engine = engine
        self._source = source
        self._around = around or Surroundings()
        self._cancellation = cancellation or Cancellation()
        self._progress = progress
        self._most_steps = most_steps

    def run(self, groups: Sequence[RuleGroup], question: Question) -> History:
        """Evaluate the rules of a file. Raises BacktestFailure, PromqlFailure (cancelled, timed out), StoreFailure.

        A group is evaluated at the multiples of its interval; alerts begin as if none had been pending before.
        """
        asked = [replace(group, interval_ms=question.interval_ms or group.interval_ms) for group in groups]
        plan = planned(asked, lambda rule: not question.rules or rule.name in question.rules)
        _check(plan, asked, question)
        past = Past(self._source, plan.recorded(question.since), self._engine.options.max_samples)
        courses = self._courses(plan, past)
        evaluations = 0
        share = 1.0 if question.aim is None else 0.5
        for span in self._windows(plan, question, courses):
            for one in courses:
                instants = _instants(one.group, span)
                if instants.size:
                    one.take(instants)
                    evaluations += instants.size
            self._advance(share * (span[1] - question.since) / max(question.until - question.since, 1))
        alerting = [one for one in courses if isinstance(one, AlertingCourse) and one.told]
        rules: list[RuleHistory] = []
        for i, one in enumerate(alerting):
            suggestion = None
            if question.aim is not None:
                suggestion = self._suggestion(one, question, question.aim)
                self._advance(share + share * (i + 1) / len(alerting))
            rules.append(_history(one, question, suggestion))
        return History(question, rules, evaluations)

    def _courses(self, plan: Plan, past: Past) -> list[RuleCourse]:
        made: list[RuleCourse] = []
        for one in plan.rules:
            if isinstance(one.rule, AlertingRule):
                made.append(AlertingCourse(one, one.rule, self._engine, past, self._cancellation, around=self._around))
            else:
                made.append(RecordingCourse(one, one.rule, self._engine, past, self._cancellation))
        return made

    def _suggestion(self, one: AlertingCourse, question: Question, aim: Aim) -> Suggestion:
        instants = _instants(one.group, (question.since, question.until))
        return suggested(one.rule, one.asker, instants, one.group.interval_ms, aim)

    def _windows(self, plan: Plan, question: Question, courses: Sequence[RuleCourse]) -> Iterator[tuple[int, int]]:
        """Spans of time (both ends included) that are evaluated at once: as memory allows, or a single instant."""
        intervals = [group.interval_ms for group in plan.groups()]
        if plan.lockstep:
            width = math.gcd(*intervals)
            for begin in range(-(-question.since // width) * width, question.until + 1, width):
                yield begin, min(begin + width - 1, question.until)
            return
        begin, steps = question.since, min(_FIRST_STEPS, self._most_steps)
        while begin <= question.until:
            end = min(begin + steps * min(intervals) - 1, question.until)
            yield begin, end
            begin = end + 1
            steps = max(1, min(_CELLS // max(1, *(one.most_series for one in courses)), self._most_steps))

    def _advance(self, done: float) -> None:
        if self._cancellation.cancelled:
            raise QueryCancelled
        self._progress(min(done, 1.0))


def _check(plan: Plan, groups: Sequence[RuleGroup], question: Question) -> None:
    if question.until <= question.since:
        raise BacktestFailure("the end must come after the beginning")
    missing = sorted(question.rules - {one.rule.name for one in plan.rules if one.told})
    if missing:
        names = sorted({rule.name for group in groups for rule in group.rules if isinstance(rule, AlertingRule)})
        raise BacktestFailure(f"there is no alerting rule {missing[0]}: there is {', '.join(names) or 'none at all'}")
    if not plan.rules:
        raise BacktestFailure("there is no alerting rule: a recording rule fires nothing")
    for group in plan.groups():
        if not _instants(group, (question.since, min(question.until, question.since + group.interval_ms))).size:
            raise BacktestFailure(f"group {group.name} would not have been evaluated in this time: it is too short")
        count = (question.until - question.since) // group.interval_ms
        if count > _MOST_EVALUATIONS:
            raise BacktestFailure(
                f"group {group.name} would be evaluated {count} times in this time, more than {_MOST_EVALUATIONS}: "
                "a shorter time or a longer interval would be right"
            )


def _instants(group: RuleGroup, span: tuple[int, int]) -> NDArray[np.int64]:
    """The multiples of the group's interval in a span."""
    first = -(-span[0] // group.interval_ms) * group.interval_ms
    return np.arange(first, span[1] + 1, group.interval_ms, dtype=np.int64)


def _history(one: AlertingCourse, question: Question, suggestion: Suggestion | None) -> RuleHistory:
    firings = one.alarms.end()
    counted = totals(firings, question.since, question.until, question.nights, question.flap_within_ms)
    return RuleHistory(one.group, one.rule, firings, counted, one.alarms.failures, suggestion)
