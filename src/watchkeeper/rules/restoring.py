"""After a restart: since when alerts are active, from what the process before wrote as ALERTS_FOR_STATE."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE_BITS, Selection, SeriesBlock
from watchkeeper.rules.alert_state import AlertState
from watchkeeper.rules.alerting import ALERT_NAME, FOR_STATE, Alerter
from watchkeeper.rules.group import RunningGroup
from watchkeeper.store import Lane


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last that was written of an alert: when, and since when it was active then (ms)."""

    at: int
    active_at: int


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores alerts that were active within the last `tolerance_ms`.

    An alert that would fire at once waits for `grace_ms` first, so that what it looks at can come back; rules that wait
    less than that before they fire start anew. An alert that was firing fires again.
    """

    tolerance_ms: int = 3_600_000
    grace_ms: int = 600_000

    async def restore(self, running: RunningGroup) -> None:
        """Restore a group's alerts, between two rounds. Raises StoreFailure; then nothing has changed."""
        alerters = [run.alerter for run in running.rules if run.alerter is not None]
        waiting = [alerter for alerter in alerters if alerter.rule.hold_ms > 0 and alerter.active]
        if waiting:
            now_ms = running.house.clock.now_ms()
            selections = [self._selection(running.group.tenant, alerter, now_ms) for alerter in waiting]
            blocks = await asyncio.get_running_loop().run_in_executor(
                running.house.threads, running.house.store.select_many, selections, Lane.RULES
            )
            for alerter, block in zip(waiting, blocks, strict=True):
                self._restore(alerter, last_seen(block), now_ms)
        for alerter in alerters:
            alerter.restored = True

    def active_since(self, hold_ms: int, seen: LastSeen, now_ms: int) -> int | None:
        """Since when an alert counts as active; None where it starts anew."""
        left_ms = hold_ms - (seen.at - seen.active_at)
        if left_ms <= 0:
            return seen.active_at
        if hold_ms < self.grace_ms:
            return None
        if left_ms < self.grace_ms:
            return now_ms + self.grace_ms - hold_ms
        return seen.active_at + now_ms - seen.at

    def _selection(self, tenant: str, alerter: Alerter, now_ms: int) -> Selection:
        wanted = {METRIC_NAME: FOR_STATE, ALERT_NAME: alerter.rule.name}
        matchers = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in wanted.items())
        return Selection(tenant, matchers, now_ms - self.tolerance_ms, now_ms)

    def _restore(self, alerter: Alerter, seen: Mapping[Labels, LastSeen], now_ms: int) -> None:
        active = dict(alerter.active)
        for labels, alert in active.items():
            if labels not in seen or alert.state is AlertState.INACTIVE:
                continue
            since = self.active_since(alerter.rule.hold_ms, seen[labels], now_ms)
            if since is not None:
                active[labels] = replace(alert, active_at=since)
        alerter.active = active


def last_seen(block: SeriesBlock) -> dict[Labels, LastSeen]:
    """The last sample of each alert, without those that had ended."""
    found: dict[Labels, LastSeen] = {}
    for row, end in enumerate(block.offsets[1:].tolist()):
        if block.values[end - 1 : end].view("u8")[0] == STALE_BITS:
            continue
        labels = block.frame.labels(row).without(METRIC_NAME)
        found[labels] = LastSeen(int(block.timestamps[end - 1]), int(block.values[end - 1]) * 1000)
    return found
