"""A rule from round to round: what it wrote last, and how it fares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.samples import STALE
from watchkeeper.rules.alert_state import AlertState
from watchkeeper.rules.alerting import Alerter, Surroundings
from watchkeeper.rules.asking import Asking
from watchkeeper.rules.overlay import Written
from watchkeeper.rules.recording import Evaluated, Recorder
from watchkeeper.rules.rule import AlertingRule, RecordingRule, Rule
from watchkeeper.rules.status import RuleStatus
from watchkeeper.store import Store

NO_REFS: NDArray[np.int32] = np.zeros(0, dtype=np.int32)


class RuleRun:
    """One rule of a running group."""

    def __init__(self, rule: Rule, store: Store, around: Surroundings, *, restored: bool) -> None:
        self.rule = rule
        self.alerter = Alerter(rule, store, around, restored=restored) if isinstance(rule, AlertingRule) else None
        self.recorder = Recorder(rule, store) if isinstance(rule, RecordingRule) else None
        self.previous = NO_REFS
        self._latest = NO_REFS
        self._health, self._error = "unknown", ""
        self._at: int | None = None
        self._took_s = 0.0

    def evaluate(self, asking: Asking, at: int, limit: int) -> Evaluated:
        """What the rule finds as of `at`. Raises EvaluationFailure, PromqlFailure or StoreFailure."""
        if self.alerter is not None:
            return self.alerter.evaluate(asking, at, limit)
        assert self.recorder is not None
        return self.recorder.evaluate(asking, limit)

    def done(self, at: int, took_s: float, complaint: str = "") -> None:
        """Take note of an evaluation."""
        self._at, self._took_s = at, took_s
        self.complain(complaint)

    def failed(self, at: int, took_s: float, why: str) -> None:
        """Take note of an evaluation that came to nothing."""
        self.done(at, took_s, why)
        self._latest = self.previous
        if self.alerter is not None:
            self.alerter.fail(at)

    def complain(self, why: str) -> None:
        """Say what is wrong; nothing, if empty."""
        self._health, self._error = ("err" if why else "ok"), why

    @property
    def error(self) -> str:
        """What is wrong, empty if nothing."""
        return self._error

    def with_markers(self, written: Sequence[Written]) -> list[Written]:
        """What is written, and staleness markers for what was written the last time and is not now."""
        self._latest = refs_of(written)
        if not self.previous.size or np.array_equal(self._latest, self.previous):
            return list(written)
        vanished = np.setdiff1d(self.previous, self._latest)
        return [*written, markers(vanished)] if vanished.size else list(written)

    def settle(self) -> None:
        """Take note that the latest results are stored."""
        self.previous = self._latest

    def take_over(self, other: RuleRun) -> None:
        """Go on where the rule that this one replaces has ended."""
        self.previous = self._latest = other.previous
        if self.alerter is not None and other.alerter is not None:
            self.alerter.take_over(other.alerter)

    def status(self) -> RuleStatus:
        """How the rule stands."""
        active = self.alerter.active.values() if self.alerter is not None else ()
        shown = tuple(alert for alert in active if alert.state is not AlertState.INACTIVE)
        return RuleStatus(self.rule, self._health, self._error, self._at, self._took_s, shown)


def refs_of(written: Sequence[Written]) -> NDArray[np.int32]:
    """All refs that are written."""
    if len(written) == 1:
        return written[0].refs
    return np.concatenate([one.refs for one in written]) if written else NO_REFS


def markers(refs: NDArray[np.int32]) -> Written:
    """Staleness markers for these series."""
    return Written("", refs, np.full(refs.size, STALE), {})
