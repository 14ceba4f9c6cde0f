"""Which rules of a file a backtest evaluates, and in which steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from watchkeeper.model.matcher import Matcher
from watchkeeper.query.promql import VectorSelector, parse, walk
from watchkeeper.rules.alerting import ALERT_NAME, ALERTS, FOR_STATE
from watchkeeper.rules.backtest.past import Replaced, may_match
from watchkeeper.rules.rule import AlertingRule, Rule, RuleGroup

STATES = (ALERTS, FOR_STATE)
"""The metrics that alerting rules write."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One rule to be evaluated; `told` says that its firings were asked for, `seen` that others read what it writes."""

    group: RuleGroup
    rule: Rule
    told: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules in the order of the file. In `lockstep` all are evaluated at one instant before the next comes.

    That must be where a rule reads what itself or a later one writes.
    """

    rules: tuple[Planned, ...]
    lockstep: bool

    def recorded(self, since: int) -> dict[str, Replaced]:
        """The metrics that are written and read, where the evaluations begin at `since` (ms)."""
        found: dict[str, Replaced] = {}
        for one in self.rules:
            if not one.seen:
                continue
            first = -(-since // one.group.interval_ms) * one.group.interval_ms - one.group.query_offset_ms
            alerts = frozenset([one.rule.name]) if isinstance(one.rule, AlertingRule) else frozenset[str]()
            for name in _written(one.rule):
                before = found.get(name, Replaced(first))
                found[name] = Replaced(min(first, before.since), before.alerts | alerts)
        return found

    def groups(self) -> list[RuleGroup]:
        """The groups that have rules to evaluate, in order."""
        return list(dict.fromkeys(one.group for one in self.rules))


def planned(groups: Sequence[RuleGroup], is_told: Callable[[AlertingRule], bool]) -> Plan:
    """The alerting rules that are asked for, and the rules that these read, directly or not."""
    rules = [(group, rule) for group in groups for rule in group.rules]
    told = {i for i, (_, rule) in enumerate(rules) if isinstance(rule, AlertingRule) and is_told(rule)}
    needed, seen = set(told), set[int]()
    pending = list(told)
    lockstep = False
    while pending:
        reader = pending.pop()
        for i, (_, rule) in enumerate(rules):
            if not _reads(rules[reader][1], rule):
                continue
            seen.add(i)
            lockstep |= i >= reader
            if i not in needed:
                needed.add(i)
                pending.append(i)
    chosen = tuple(Planned(*rules[i], i in told, i in seen) for i in sorted(needed))
    return Plan(chosen, lockstep)


def _written(rule: Rule) -> tuple[str, ...]:
    return STATES if isinstance(rule, AlertingRule) else (rule.name,)


def _reads(reader: Rule, writer: Rule) -> bool:
    if isinstance(reader, AlertingRule) and _queries(reader) and not isinstance(writer, AlertingRule):
        return True
    return any(_may_hold(matchers, writer) for matchers in _selectors(reader.query))


def _queries(rule: AlertingRule) -> bool:
    """Say whether templates of the rule may ask questions, which are known only when they are asked."""
    return any("{{" in text and "query" in text for _, text in (*rule.labels, *rule.annotations))


def _may_hold(matchers: Sequence[Matcher], writer: Rule) -> bool:
    if not isinstance(writer, AlertingRule):
        return may_match(matchers, writer.name)
    named = [one for one in matchers if one.name == ALERT_NAME]
    return any(may_match(matchers, name) for name in STATES) and all(one.matches(writer.name) for one in named)


@lru_cache(maxsize=1024)
def _selectors(query: str) -> tuple[tuple[Matcher, ...], ...]:
    return tuple(node.matchers for node in walk(parse(query)) if isinstance(node, VectorSelector))
