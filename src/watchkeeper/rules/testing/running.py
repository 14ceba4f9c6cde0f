"""One test group: its series stored, its rules evaluated round by round, and what comes out held against the file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import Engine, EngineOptions
from watchkeeper.query.promql.script import NotationFailure
from watchkeeper.rules.alerting import Surroundings
from watchkeeper.rules.group import House, RunningGroup
from watchkeeper.rules.metrics import RuleMetrics
from watchkeeper.rules.rule import RuleGroup
from watchkeeper.rules.testing.alerts import alert_problems
from watchkeeper.rules.testing.failure import TestFailure
from watchkeeper.rules.testing.file import TestFile, TestGroup
from watchkeeper.rules.testing.input import Input
from watchkeeper.rules.testing.queries import query_problem
from watchkeeper.rules.testing.texts import go_duration
from watchkeeper.store import Store
from watchkeeper.store.failure import StoreFailure


@dataclass(frozen=True, slots=True)
class Bench:
    """What tests run on."""

    store: Store
    clock: Clock
    threads: Executor


class _Nobody:
    """Takes alerts and tells nobody."""

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take the alerts."""


async def run_group(
    bench: Bench, file: TestFile, test: TestGroup, groups: Sequence[RuleGroup], tenant: str
) -> list[str]:
    """Everything that is not as the test says, in promtool's words; `tenant` is one that has no data yet."""
    for one in test.alert_rule_test:
        if not one.alertname:
            return [_nameless(one.eval_time_ms, test.name)]
    try:
        given = Input(test, test.interval_ms or file.evaluation_interval_ms, groups)
    except NotationFailure as why:
        return [str(why)]
    engine = Engine(bench.store, EngineOptions(default_step_ms=file.evaluation_interval_ms), bench.clock)
    try:
        order = {name: i for i, name in enumerate(file.group_eval_order)}
        running = [
            RunningGroup(replace(group, tenant=tenant), _house(bench, engine, test))
            for group in sorted(groups, key=lambda group: order.get(group.name, 0))
        ]
        rounds = _Rounds(test, file.evaluation_interval_ms, running)
        problems, complete = await rounds.run(lambda elapsed: given.store_until(bench.store, tenant, elapsed))
        if complete:
            problems += _queries(engine, test, tenant, fuzzy=file.fuzzy_compare)
        return problems
    except (TestFailure, StoreFailure) as why:
        return [str(why)]
    finally:
        engine.close()


def _nameless(at: int, name: str) -> str:
    where = f" (in TestGroup {name})" if name else ""
    return (
        "an item under alert_rule_test misses required attribute alertname at eval_time "
        f"{go_duration(at, prometheus=True)}{where}"
    )


def _house(bench: Bench, engine: Engine, test: TestGroup) -> House:
    around = Surroundings(Labels(test.external_labels), test.external_url)
    metrics = RuleMetrics(CollectorRegistry())
    return House(bench.store, engine, _Nobody(), bench.clock, metrics, bench.threads, around)


@dataclass(frozen=True, slots=True)
class _Rounds:
    """The rounds of one test group."""

    test: TestGroup
    interval: int
    running: Sequence[RunningGroup]

    async def run(self, feed: Callable[[int], Awaitable[None]]) -> tuple[list[str], bool]:
        """What is wrong with alerts; and whether all rounds were done, which a rule that fails prevents."""
        problems: list[str] = []
        for elapsed in range(0, self.test.end_ms + 1, self.interval):
            await feed(elapsed)
            failed = [problem for group in self.running for problem in await self._round(group, elapsed)]
            problems += failed
            if failed:
                return problems, False
            problems += self._alerts(elapsed)
        return problems, True

    async def _round(self, group: RunningGroup, elapsed: int) -> list[str]:
        at = self.test.start_timestamp + elapsed
        await group.evaluate(at)
        return list(_errors(group, at))

    def _alerts(self, elapsed: int) -> list[str]:
        due = [one for one in self.test.alert_rule_test if elapsed <= one.eval_time_ms < elapsed + self.interval]
        due.sort(key=lambda one: one.eval_time_ms)
        if not due:
            return []
        states = [group.status() for group in self.running]
        return [problem for one in due for problem in alert_problems(one, self.test.name, states)]


def _errors(group: RunningGroup, at: int) -> Iterator[str]:
    for rule in group.status().rules:
        if rule.last_error:
            yield f"    rule: {rule.rule.name}, time: {go_duration(at)}, err: {rule.last_error}"


def _queries(engine: Engine, test: TestGroup, tenant: str, *, fuzzy: bool) -> list[str]:
    found = (query_problem(engine, one, test.start_timestamp, tenant, fuzzy=fuzzy) for one in test.promql_expr_test)
    return [problem for problem in found if problem]
