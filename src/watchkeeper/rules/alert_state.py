"""One alert's life: from pending to firing to gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from watchkeeper.model.labels import Labels

RESOLVED_RETENTION_MS = 15 * 60_000
"""How long a resolved alert is remembered, so that whoever missed its end is told again."""


class AlertState(StrEnum):
    """Where in its life an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(frozen=True, slots=True)
class Found:
    """What an evaluation found for one alert."""

    annotations: Labels
    value: float


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that is pending, firing, or was until a while ago. Times in ms, None for what has not happened."""

    labels: Labels
    annotations: Labels
    state: AlertState
    value: float
    active_at: int
    fired_at: int | None = None
    resolved_at: int | None = None
    last_sent_at: int | None = None
    valid_until: int | None = None
    keep_firing_since: int | None = None

    def needs_sending(self, at: int, resend_delay_ms: int) -> bool:
        """Say whether the alert is to be sent at that instant: it is news, or its last sending is long ago."""
        if self.state is AlertState.PENDING:
            return False
        if self.last_sent_at is None:
            return True
        if self.resolved_at is not None and self.resolved_at > self.last_sent_at:
            return True
        return self.last_sent_at + resend_delay_ms < at


@dataclass(frozen=True, slots=True)
class Course:
    """How long an alert is pending, and how long it goes on once its series has gone.

    While it is `settling` nothing resolves: what is missing may be missing because of trouble of our own.
    """

    hold_ms: int
    keep_firing_ms: int
    settling: bool = False

    def next(self, labels: Labels, alert: ActiveAlert | None, found: Found | None, at: int) -> ActiveAlert | None:
        """The alert after an evaluation as of `at`; None where there is nothing to remember any more."""
        if found is None:
            return None if alert is None else self._missing(alert, at)
        if alert is None or alert.state is AlertState.INACTIVE:
            return self._held(ActiveAlert(labels, found.annotations, AlertState.PENDING, found.value, at), at)
        still = replace(alert, annotations=found.annotations, value=found.value, keep_firing_since=None)
        return self._held(still, at)

    def _held(self, alert: ActiveAlert, at: int) -> ActiveAlert:
        if alert.state is AlertState.PENDING and at - alert.active_at >= self.hold_ms:
            return replace(alert, state=AlertState.FIRING, fired_at=at)
        return alert

    def _missing(self, alert: ActiveAlert, at: int) -> ActiveAlert | None:
        if alert.state is AlertState.PENDING:
            return None
        if alert.resolved_at is not None:
            return alert if at - alert.resolved_at <= RESOLVED_RETENTION_MS else None
        if self.settling:
            return alert
        since = at if alert.keep_firing_since is None else alert.keep_firing_since
        if self.keep_firing_ms > 0 and at - since < self.keep_firing_ms:
            return replace(alert, keep_firing_since=since)
        return replace(alert, state=AlertState.INACTIVE, resolved_at=at)
