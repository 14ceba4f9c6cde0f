"""One rule on its way through the past."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import Cancellation, Engine
from watchkeeper.rules.alerting import ALERTS, FOR_STATE, Surroundings
from watchkeeper.rules.backtest.asking import Asker, Piece
from watchkeeper.rules.backtest.course import Alarms, Taken
from watchkeeper.rules.backtest.past import Past
from watchkeeper.rules.backtest.plan import Planned
from watchkeeper.rules.backtest.sighting import Labeller
from watchkeeper.rules.backtest.threshold import is_below
from watchkeeper.rules.backtest.written import Writer, at_steps, recorded, states
from watchkeeper.rules.rule import AlertingRule, RecordingRule, RuleGroup


class RuleCourse(ABC):
    """What both kinds of rule have: where they ask, and how many series they found at most."""

    def __init__(self, planned: Planned, engine: Engine, past: Past, cancellation: Cancellation) -> None:
        self.group: RuleGroup = planned.group
        self.told, self.seen = planned.told, planned.seen
        self.most_series = 0
        self.past = past
        group = planned.group
        self.asker = Asker(engine, past, group.tenant, group.query_offset_ms, cancellation)
        self._query = planned.rule.query

    def take(self, instants: NDArray[np.int64]) -> None:
        """Evaluate at these instants, later than all before."""
        for piece in self.asker.pieces(self._query, instants):
            if piece.result is None:
                self._fail(piece)
            else:
                self.most_series = max(self.most_series, len(piece.result))
                self._found(piece)

    @abstractmethod
    def _fail(self, piece: Piece) -> None:
        """Take note that a piece failed."""

    @abstractmethod
    def _found(self, piece: Piece) -> None:
        """Take a piece further."""


class RecordingCourse(RuleCourse):
    """A recording rule: what it finds is laid over the past."""

    def __init__(
        self, planned: Planned, rule: RecordingRule, engine: Engine, past: Past, cancellation: Cancellation
    ) -> None:
        super().__init__(planned, engine, past, cancellation)
        self._rule = rule
        self._writer = Writer(past.symbols)

    def _fail(self, piece: Piece) -> None:
        """What it did not find is not there for later rules, and that is all."""

    def _found(self, piece: Piece) -> None:
        grid, sound = recorded(self._rule, piece, self.group.limit)
        if sound.any():
            times = piece.instants[sound] - self.group.query_offset_ms
            self.past.add(self._rule.name, self._writer.block(at_steps(grid, sound), times))


class AlertingCourse(RuleCourse):
    """An alerting rule: its alarms, and their states where other rules read them."""

    def __init__(
        self,
        planned: Planned,
        rule: AlertingRule,
        engine: Engine,
        past: Past,
        cancellation: Cancellation,
        *,
        around: Surroundings,
    ) -> None:
        super().__init__(planned, engine, past, cancellation)
        self.rule = rule
        self.alarms = Alarms(rule, planned.group.limit, below=is_below(rule.query))
        self._labeller = Labeller(rule, around, self.asker.samples)
        self._writers = {ALERTS: Writer(past.symbols), FOR_STATE: Writer(past.symbols)}

    def _fail(self, piece: Piece) -> None:
        self.alarms.fail(piece.instants.tolist(), piece.failure)

    def _found(self, piece: Piece) -> None:
        def annotate(row: int, step: int) -> Labels:
            return self._labeller.annotations(piece, row, step)

        taken = self.alarms.take(piece.instants.tolist(), self._labeller.seen(piece), annotate)
        if self.seen:
            self._write(piece, taken)

    def _write(self, piece: Piece, taken: Taken) -> None:
        sound = np.ones(piece.instants.size, dtype=np.bool_)
        sound[taken.failed] = False
        if not sound.any():
            return
        for name, grid in zip((ALERTS, FOR_STATE), states(taken.shown, piece.instants.size), strict=True):
            times = piece.instants[sound] - self.group.query_offset_ms
            self.past.add(name, self._writers[name].block(at_steps(grid, sound), times))
