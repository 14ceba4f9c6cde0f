"""A group at work: one round is one evaluation of all its rules, read together and written at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.clock import Clock
from watchkeeper.model.alert import Alert
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.samples import AppendOutcome, SampleBatch, Selection
from watchkeeper.query.promql import Cancellation, Engine, PromqlFailure
from watchkeeper.rules.alerting import Surroundings
from watchkeeper.rules.asking import Asking
from watchkeeper.rules.failure import EvaluationFailure
from watchkeeper.rules.metrics import RuleMetrics
from watchkeeper.rules.overlay import Overlay, Written
from watchkeeper.rules.round_source import RoundSource
from watchkeeper.rules.rule import RuleGroup
from watchkeeper.rules.rule_run import NO_REFS, RuleRun, markers, refs_of
from watchkeeper.rules.sink import AlertSink
from watchkeeper.rules.status import GroupStatus
from watchkeeper.store import Store
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

T = TypeVar("T")

_TOGETHER = 64
"""So many rules' selections are fetched together: enough to spread the cost of a statement, few enough to hold."""


@dataclass(frozen=True, slots=True)
class House:
    """What all groups work with; `threads` evaluate."""

    store: Store
    engine: Engine
    sink: AlertSink
    clock: Clock
    metrics: RuleMetrics
    threads: Executor
    around: Surroundings


@dataclass(slots=True)
class _Round:
    """What a round wants written, by rule, and sent."""

    written: list[tuple[RuleRun, Written]] = field(default_factory=list[tuple[RuleRun, Written]])
    alerts: list[Alert] = field(default_factory=list[Alert])


class RunningGroup:
    """One group and the state of its rules. Rounds must not overlap."""

    def __init__(self, group: RuleGroup, house: House, *, restored: bool = True) -> None:
        self.group = group
        self.house = house
        self.rules = [RuleRun(rule, house.store, house.around, restored=restored) for rule in group.rules]
        self.cancellation = Cancellation()
        self._gone = NO_REFS
        self._at: int | None = None
        self._took_s = 0.0
        self.name = f"{group.file};{group.name}"
        house.metrics.interval_s.labels(self.name).set(group.interval_ms / 1000)
        house.metrics.rules.labels(self.name).set(len(group.rules))

    async def evaluate(self, at: int) -> None:
        """Evaluate every rule as of `at` (ms), send alerts, and store the results. Never raises."""
        began_s = self.house.clock.monotonic_s()
        loop = asyncio.get_running_loop()
        try:
            done = await self._kept_alive(loop.run_in_executor(self.house.threads, self._round, at))
            if done.alerts:
                await self.house.sink.send(done.alerts)
            await self._kept_alive(self._store(done, at))
        except Exception:
            log.exception("a round of the rule group %s failed in an unforeseen way", self.group.name)
        self._at, self._took_s = at, self.house.clock.monotonic_s() - began_s
        metrics = self.house.metrics
        metrics.duration_s.observe(self._took_s)
        metrics.last_round.labels(self.name).set(at / 1000)
        metrics.last_duration_s.labels(self.name).set(self._took_s)

    async def _kept_alive(self, work: Awaitable[T]) -> T:
        """What `work` gives; while it waits for an engine that is down, say, firing alerts are sent all the same."""
        task = asyncio.ensure_future(work)
        pause_s = max(self.group.interval_ms, self.house.around.resend_delay_ms) / 1000
        while not (await asyncio.wait({task}, timeout=pause_s))[0]:
            now_ms = self.house.clock.now_ms()
            alerters = [run.alerter for run in self.rules if run.alerter is not None]
            standing = [
                alert
                for alerter in alerters
                for alert in alerter.standing(now_ms, self.group.interval_ms, self.group.tenant)
            ]
            if standing:
                await self.house.sink.send(standing)
        return task.result()

    def missed(self, rounds: int, missed: int) -> None:
        """Count rounds that were due, and those of them that were left out."""
        self.house.metrics.rounds.labels(self.name).inc(rounds)
        self.house.metrics.missed.labels(self.name).inc(missed)

    def take_over(self, other: RunningGroup) -> None:
        """Go on where the group that this one replaces has ended; what its lost rules wrote goes stale."""
        self._at, self._took_s = other._at, other._took_s
        left = list(other.rules)
        for run in self.rules:
            same = (run.rule.name, run.rule.labels)
            before = next((one for one in left if (one.rule.name, one.rule.labels) == same), None)
            if before is not None:
                left.remove(before)
                run.take_over(before)
        self._gone = np.concatenate((other._gone, *(run.previous for run in left)))

    @property
    def refs(self) -> NDArray[np.int32]:
        """The series that were written last."""
        return np.concatenate((self._gone, *(run.previous for run in self.rules)))

    @property
    def errors(self) -> list[str]:
        """What is wrong with rules now."""
        return [f"{run.rule.name}: {run.error}" for run in self.rules if run.error]

    def status(self) -> GroupStatus:
        """How the group and its rules stand."""
        return GroupStatus(self.group, [run.status() for run in self.rules], self._at, self._took_s)

    def asking(self, at: int, overlay: Overlay | None = None) -> Asking:
        """The questions of a round as of `at`."""
        house, as_of = self.house, at - self.group.query_offset_ms
        overlay = overlay or Overlay(as_of, house.store.index.frame)
        source = RoundSource(house.store, overlay)
        return Asking(house.engine, source, self.group.tenant, as_of, self.cancellation)

    def _round(self, at: int) -> _Round:
        overlay = Overlay(at - self.group.query_offset_ms, self.house.store.index.frame)
        asking = self.asking(at, overlay)
        wanted = [_foreseen(asking, run) for run in self.rules]
        for selections in wanted:
            asking.source.expect(selections)
        done = _Round()
        for i, run in enumerate(self.rules):
            if i % _TOGETHER == 0:
                asking.source.fetch(_flat(wanted[i : i + _TOGETHER]))
            for one in self._evaluate(run, asking, at):
                overlay.add(one)
                done.written.append((run, one))
            asking.source.release(wanted[i])
            if run.alerter is not None:
                done.alerts += run.alerter.due(at, self.group.interval_ms, self.group.tenant)
        return done

    def _evaluate(self, run: RuleRun, asking: Asking, at: int) -> list[Written]:
        """What one rule wants written, staleness markers included."""
        metrics, clock = self.house.metrics, self.house.clock
        metrics.evaluations.labels(self.name).inc()
        began_s = clock.monotonic_s()
        try:
            evaluated = run.evaluate(asking, at, self.group.limit)
        except Exception as why:
            metrics.failures.labels(self.name).inc()
            self._tell(run, why)
            run.failed(at, clock.monotonic_s() - began_s, str(why))
            return []
        run.done(at, clock.monotonic_s() - began_s, evaluated.complaint)
        return run.with_markers(evaluated.written)

    def _tell(self, run: RuleRun, why: Exception) -> None:
        """Log what is wrong with a rule, once."""
        if run.error == str(why):
            return
        if isinstance(why, (EvaluationFailure, PromqlFailure, StoreFailure)):
            log.warning("rule %s of group %s cannot be evaluated: %s", run.rule.name, self.group.name, why)
        else:
            log.error("rule %s of group %s failed unforeseen", run.rule.name, self.group.name, exc_info=why)

    async def _store(self, done: _Round, at: int) -> None:
        """Write the round; only then what was written before is forgotten."""
        metrics = self.house.metrics
        batch = self._batch([one for _, one in done.written], at)
        metrics.last_samples.labels(self.name).set(batch.refs.size)
        try:
            outcome = await self.house.store.append(batch) if batch.refs.size else AppendOutcome(0)
        except StoreFailure as why:
            log.warning("the results of the rule group %s are lost: %s", self.group.name, why)
            for run in {run for run, _ in done.written}:
                metrics.failures.labels(self.name).inc()
                run.complain(str(why))
            return
        self._gone = NO_REFS
        for run in self.rules:
            run.settle()
        if outcome.refused:
            metrics.refused.labels(self.name).inc(outcome.refused)
            self._complain(done.written, outcome)

    def _batch(self, written: Sequence[Written], at: int) -> SampleBatch:
        parts = [*written, markers(self._gone)]
        histograms: dict[int, Histogram] = {}
        begin = 0
        for part in parts:
            histograms.update({begin + row: histogram for row, histogram in part.histograms.items()})
            begin += part.refs.size
        refs, values = refs_of(parts), np.concatenate([part.values for part in parts])
        alive = self.house.store.alive(refs)
        if not alive.all():
            # Series that retention has dropped meanwhile come back with the next round.
            number = np.cumsum(alive) - 1
            histograms = {int(number[row]): one for row, one in histograms.items() if alive[row]}
            refs, values = refs[alive], values[alive]
        times = np.full(refs.size, at - self.group.query_offset_ms, dtype=np.int64)
        return SampleBatch(self.group.tenant, refs, times, values, histograms=histograms)

    def _complain(self, written: Sequence[tuple[RuleRun, Written]], outcome: AppendOutcome) -> None:
        """Tell the rules whose results the store refused: those that wrote what another had written, or else all."""
        log.warning(
            "%d results of the rule group %s were refused: %s",
            outcome.refused,
            self.group.name,
            "; ".join(outcome.reasons),
        )
        seen: set[int] = set()
        for run, one in written:
            refs = set(one.refs.tolist())
            if refs & seen or not outcome.duplicate_timestamp:
                run.complain("; ".join(outcome.reasons))
            seen |= refs


def _foreseen(asking: Asking, run: RuleRun) -> Sequence[Selection]:
    try:
        return asking.selections(run.rule.query)
    except PromqlFailure:
        # The evaluation will say it.
        return ()


def _flat(selections: Sequence[Sequence[Selection]]) -> list[Selection]:
    return [one for some in selections for one in some]
