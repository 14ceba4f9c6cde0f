"""What stands between an integration and the other side: its circuit, and who is to know of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.base.clock import Clock
from watchkeeper.base.duration import format_duration
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.model.alert import Alert
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify.circuit import Circuit
from watchkeeper.notify.config.guarding import CircuitBreaker, RateLimit
from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.failure import NotifyFailure, unforeseen
from watchkeeper.notify.guard_keeping import Guarded, GuardState
from watchkeeper.notify.limiter import Limiter
from watchkeeper.notify.metrics import NotifyMetrics
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.template_alert import Alarm, TemplateAlert

log = logging.getLogger(__name__)

ALERT_NAME = "WatchkeeperReceiverFailing"
ALERT_LASTS_MS = 3_600_000
"""How long the alert fires where nothing is to be told any more, so that nobody learns whether things are well."""
SENDING_S = 5.0
"""What must be left for sending, once a message has waited for its turn."""

Keep: TypeAlias = Callable[[Guarded, GuardState, bool], None]
"""Takes how a guard is, to be kept at once, or with the next row of the notification log."""
Stuck: TypeAlias = Callable[[str], None]
"""Is told why a flush does not get through for the time being."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is to know how the integrations do."""

    clock: Clock
    journal: Journal
    metrics: NotifyMetrics
    alarm: Alarm
    external_url: str

    def acknowledged(self, flush: Flush, integration: str, actor: str, *, told: bool) -> None:
        """Record whether an integration was told of an acknowledgement."""
        who, name = actor or "somebody", f"{flush.receiver}/{integration}"
        outcome = "was told" if told else "could not be told"
        self.journal.record(
            Entry(
                Kind.NOTIFICATION_SENT if told else Kind.NOTIFICATION_FAILED,
                self.clock.now_ms(),
                f"{name} {outcome} that {who} has acknowledged the group",
                flush.tenant,
                actor,
                alerts=tuple(fingerprint(alert.labels) for alert in flush.alerts),
                group_key=flush.group_key,
                receiver=flush.receiver,
                integration=integration,
                details={"about": "acknowledgement"},
            )
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an integration is told; where they change, what is known of it says nothing any more."""

    config: IntegrationConfig
    breaker: CircuitBreaker
    limit: RateLimit | None


class Guard:
    """The circuit and the rate limit of one integration of a receiver; while the circuit is open, that is an alert."""

    def __init__(self, who: Guarded, terms: Terms, watch: Watch, keep: Keep, before: GuardState | None = None) -> None:
        """`before` is how an earlier process left it; `keep` takes how it is, for the next one."""
        receiver, integration = who
        before = before or GuardState()
        self.who = who
        self.terms = terms
        self._keep = keep
        self._labels = {"receiver": receiver, "integration": integration}
        self._name = f"{receiver}/{integration}"
        self._watch = watch
        self._circuit = Circuit(terms.breaker, watch.clock)
        self._limiter = Limiter(terms.limit, watch.clock, before.sent) if terms.limit is not None else None
        self.templates = TemplateAlert(self._labels, watch.clock, watch.alarm, watch.external_url)
        self._opened_at = before.opened_at or 0
        self._ended = False
        if before.opened_at is not None and terms.breaker.failures:
            self._circuit.resume(before.pause_ms / 1000, before.failures)

    def guarded(self, attempt: Attempt, flush: Flush, stuck: Stuck) -> Attempt:
        """The attempt, made only where the circuit lets it through; `stuck` hears why a flush does not get on."""
        held_back = False

        async def guarded() -> str:
            nonlocal held_back
            wait_s = self._circuit.begin()
            if wait_s:
                why = self._why()
                if not held_back:
                    self._withheld(flush, f"{self._name} was not asked to tell of the group: {why}")
                    held_back = True
                stuck(why)
                raise NotifyFailure(f"not tried: {why}", retryable=True, retry_after_s=wait_s)
            try:
                memory = await attempt()
            except BaseException as error:
                self._failed(_text(error), flush, stuck)
                raise
            self._succeeded()
            return memory

        return guarded

    def place(self, flush: Flush) -> float | None:
        """The seconds that a flush has to wait for its turn; None where the group is due again before that."""
        within_s = (flush.deadline - self._watch.clock.now_ms()) / 1000 - SENDING_S
        wait_s = self._limiter.place(within_s) if self._limiter is not None else 0.0
        if wait_s is None:
            self._withheld(flush, f"{self._name} has had as many messages as its rate limit allows", "rate_limit")
        return wait_s

    def sending(self) -> None:
        """A message goes out now: where that counts, it is kept with whatever is written of the message."""
        if self._limiter is not None:
            self._keep(self.who, self._state(), False)

    def _state(self) -> GuardState:
        sent = self._limiter.kept() if self._limiter is not None else ()
        opened_at = self._opened_at if self._circuit.is_open else None
        return GuardState(sent, opened_at, self._circuit.pause_ms, self._circuit.failures)

    def show(self) -> None:
        """Show in the metrics how the circuit is."""
        self._watch.metrics.circuit_open.labels(*self._labels.values()).set(self._circuit.is_open)

    def end(self) -> None:
        """Say nothing of this integration any more: it is there no longer, whatever is still under way."""
        self._ended = True
        self.templates.end()
        if self._circuit.is_open:
            self._raise("its configuration has changed", ends_at=self._watch.clock.now_ms())
        self._watch.metrics.circuit_open.remove(*self._labels.values())

    def _succeeded(self) -> None:
        if not self._circuit.succeeded() or self._ended:
            return
        self.show()
        self._keep(self.who, self._state(), True)
        now = self._watch.clock.now_ms()
        after = format_duration(max(now - self._opened_at, 0) // 1000 * 1000)
        log.info("%s can be told again, after %s", self._name, after)
        self._raise("it can be told again", ends_at=now)

    def _failed(self, detail: str, flush: Flush, stuck: Stuck) -> None:
        was_open, now = self._circuit.is_open, self._watch.clock.now_ms()
        if not self._circuit.failed() or self._ended:
            return
        why = self._why()
        if not was_open:
            self._opened_at = now
            self.show()
            log.error("%s is left alone for now: %s: %s", self._name, why, detail)
            self._withheld(flush, f"{self._name} is left alone for now: {why}: {detail}")
        self._keep(self.who, self._state(), True)
        stuck(why)
        self._raise(f"{why}: {detail}", ends_at=now + ALERT_LASTS_MS)

    def _why(self) -> str:
        failures = self._circuit.failures
        return "an attempt has failed" if failures == 1 else f"{failures} attempts in a row have failed"

    def _withheld(self, flush: Flush, text: str, reason: str = "circuit") -> None:
        self._watch.metrics.withheld.labels(self._labels["integration"].partition("[")[0], reason).inc()
        self._watch.journal.record(
            Entry(
                Kind.NOTIFICATION_WITHHELD,
                self._watch.clock.now_ms(),
                text,
                flush.tenant,
                alerts=tuple(fingerprint(alert.labels) for alert in flush.alerts),
                group_key=flush.group_key,
                details={"reason": reason, "failures": self._circuit.failures},
                **self._labels,
            )
        )

    def _raise(self, text: str, *, ends_at: int) -> None:
        labels = Labels({"alertname": ALERT_NAME, "severity": "critical", **self._labels})
        annotations = Labels({"summary": f"{self._name} cannot be told", "description": text})
        self._watch.alarm(Alert(labels, annotations, self._opened_at, ends_at, self._watch.external_url))


def _text(error: BaseException) -> str:
    match error:
        case NotifyFailure():
            return str(error)
        case asyncio.CancelledError():
            return "timed out"
        case _:
            return unforeseen(error)
