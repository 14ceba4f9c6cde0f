"""An alerting rule at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.query.promql import Result
from watchkeeper.rules.alert_state import ActiveAlert, AlertState, Course, Found
from watchkeeper.rules.asking import Asking, value_of
from watchkeeper.rules.expansion import AlertData, RuleTemplate, Sample, table_link
from watchkeeper.rules.failure import EvaluationFailure
from watchkeeper.rules.overlay import Written
from watchkeeper.rules.recording import Evaluated
from watchkeeper.rules.rule import AlertingRule, Pairs
from watchkeeper.store import Store

ALERTS, FOR_STATE = "ALERTS", "ALERTS_FOR_STATE"
ALERT_NAME, ALERT_STATE = "alertname", "alertstate"
SETTLING_MS = 300_000
"""After trouble, what rules look at may have a gap as long as the trouble; so long at most nothing resolves."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the alerts of all rules share: labels for templates, links, and how often alerts are repeated."""

    external_labels: Labels = field(default_factory=Labels)
    external_url: str = ""
    resend_delay_ms: int = 60_000


class Alerter:
    """Evaluates one alerting rule round after round, and holds its alerts."""

    def __init__(self, rule: AlertingRule, store: Store, around: Surroundings, *, restored: bool = True) -> None:
        self.rule = rule
        self.active: Mapping[Labels, ActiveAlert] = {}
        self.restored = restored
        self._store = store
        self._around = around
        self._labels = _compiled(rule.labels, rule.name)
        self._annotations = _compiled(rule.annotations, rule.name)
        self._refs: dict[tuple[Labels, str], int] = {}
        self._generation = -1
        self._failing_since: int | None = None
        self._settled_at: int | None = None

    def evaluate(self, asking: Asking, at: int, limit: int) -> Evaluated:
        """Take every alert one step further, as of `at`. Raises as Recorder.evaluate; then no alert has changed."""
        result = asking.vector(self.rule.query)
        found = self._found(result, asking, at)
        self._recovered(at)
        settling = self._settled_at is not None and at < self._settled_at
        course = Course(self.rule.hold_ms, self.rule.keep_firing_ms, settling)
        active: dict[Labels, ActiveAlert] = {}
        for labels in {**self.active, **found}:
            alert = course.next(labels, self.active.get(labels), found.get(labels), at)
            if alert is not None:
                active[labels] = alert
        shown = [alert for alert in active.values() if alert.state is not AlertState.INACTIVE]
        if 0 < limit < len(shown):
            raise EvaluationFailure(f"exceeded limit of {limit} with {len(shown)} alerts")
        self.active = active
        return self._written(asking.tenant, shown) if shown and self.restored else Evaluated()

    def fail(self, at: int) -> None:
        """Take note that an evaluation as of `at` failed: alerts stay as they are."""
        if self._failing_since is None:
            self._failing_since = at

    def due(self, at: int, interval_ms: int, tenant: str) -> list[Alert]:
        """The alerts that are to be sent as of `at`; they count as sent. They stand until four sendings are missed."""
        around, sent = self._around, []
        valid_until = self._valid_until(at, interval_ms)
        active = dict(self.active)
        for labels, alert in active.items():
            if alert.needs_sending(at, around.resend_delay_ms):
                active[labels] = replace(alert, last_sent_at=at, valid_until=valid_until)
                sent.append(self._sent(active[labels], tenant))
        self.active = active
        return sent

    def standing(self, at: int, interval_ms: int, tenant: str) -> list[Alert]:
        """The alerts that fire, good until four sendings after `at`; for while an evaluation is still under way."""
        valid_until = self._valid_until(at, interval_ms)
        firing = [alert for alert in self.active.values() if alert.state is AlertState.FIRING]
        return [self._sent(replace(alert, valid_until=valid_until), tenant) for alert in firing]

    def _valid_until(self, at: int, interval_ms: int) -> int:
        return at + 4 * max(interval_ms, self._around.resend_delay_ms)

    def take_over(self, other: Alerter) -> None:
        """Go on with the alerts of the rule that this one replaces."""
        self.active = other.active
        self.restored = other.restored
        self._failing_since, self._settled_at = other._failing_since, other._settled_at

    def _recovered(self, at: int) -> None:
        if self._failing_since is not None:
            self._settled_at = at + min(at - self._failing_since, SETTLING_MS)
            self._failing_since = None

    def _found(self, result: Result, asking: Asking, at: int) -> dict[Labels, Found]:
        found: dict[Labels, Found] = {}

        def query(text: str) -> Sequence[Sample]:
            return asking.samples(text, at)

        for row in range(len(result)):
            value = value_of(result, row)
            seen = result.frame.labels(row)
            data = AlertData(seen, self._around.external_labels, self._around.external_url, value)
            expanded = {name: text.expand(data, query, at / 1000) for name, text in self._labels}
            labels = Labels({**seen, METRIC_NAME: "", **expanded, ALERT_NAME: self.rule.name})
            if labels in found:
                raise EvaluationFailure("vector contains metrics with the same labelset after applying alert labels")
            annotations = Labels((name, text.expand(data, query, at / 1000)) for name, text in self._annotations)
            found[labels] = Found(annotations, value if isinstance(value, float) else 0.0)
        return found

    def _written(self, tenant: str, shown: Sequence[ActiveAlert]) -> Evaluated:
        keys = [(alert.labels, alert.state.value) for alert in shown] + [(alert.labels, "") for alert in shown]
        refs = self._resolved(tenant, keys)
        n = len(shown)
        since = np.array([alert.active_at // 1000 for alert in shown], dtype=np.float64)
        halves = ((ALERTS, refs[:n], np.ones(n)), (FOR_STATE, refs[n:], since))
        written = [Written(name, some[some >= 0], values[some >= 0], {}) for name, some, values in halves]
        refused = int(np.count_nonzero(refs < 0))
        complaint = f"{refused} new series were refused by the limits of tenant {tenant}" if refused else ""
        return Evaluated(written, complaint)

    def _resolved(self, tenant: str, keys: Sequence[tuple[Labels, str]]) -> NDArray[np.int32]:
        if self._generation != self._store.generation:
            self._generation = self._store.generation
            self._refs.clear()
        new = [key for key in keys if key not in self._refs]
        if new:
            refs: list[int] = self._store.resolve(tenant, [_series(*key) for key in new]).tolist()
            # What is not asked for any more is forgotten, and what was refused is tried again.
            self._refs = {key: self._refs[key] for key in keys if key in self._refs} | dict(zip(new, refs, strict=True))
        found = np.array([self._refs[key] for key in keys], dtype=np.int32)
        self._refs = {key: ref for key, ref in self._refs.items() if ref >= 0}
        return found

    def _sent(self, alert: ActiveAlert, tenant: str) -> Alert:
        ends_at = alert.valid_until if alert.resolved_at is None else alert.resolved_at
        assert alert.fired_at is not None and ends_at is not None, "only what has fired is sent"
        link = self._around.external_url + table_link(self.rule.query)
        return Alert(alert.labels, alert.annotations, alert.fired_at, ends_at, link, tenant)


def _compiled(pairs: Pairs, alert: str) -> list[tuple[str, RuleTemplate]]:
    return [(name, RuleTemplate(text, alert)) for name, text in pairs]


def _series(labels: Labels, state: str) -> Labels:
    """The series that shows an alert in a state; without one, since when it is active."""
    return labels.with_({METRIC_NAME: ALERTS, ALERT_STATE: state} if state else {METRIC_NAME: FOR_STATE})
