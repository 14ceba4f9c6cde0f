"""The alert about rules that cannot be evaluated: raised by the process itself, so that it needs no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.rules.alert_state import ActiveAlert, Course, Found
from watchkeeper.rules.alerting import ALERT_NAME
from watchkeeper.rules.rule import RuleGroup
from watchkeeper.rules.sink import AlertSink

NAME = "WatchkeeperRuleEvaluationFailing"
HOLD_MS = 60_000
"""So long a group must fail before anybody is told: an engine that is started again takes less."""


class Distress:
    """Holds an alert for each group of which some rule fails, and tells `sink` of it."""

    def __init__(self, sink: AlertSink, external_url: str, resend_delay_ms: int) -> None:
        self._sink = sink
        self._link = f"{external_url}/alerts"
        self._resend_delay_ms = resend_delay_ms
        self._active: dict[tuple[str, str], ActiveAlert] = {}
        self._course = Course(HOLD_MS, 0)

    async def note(self, group: RuleGroup, errors: Sequence[str], at: int) -> None:
        """Take note of a round as of `at`, in which these rules failed (`name: why`); none if all went well."""
        found = Found(self._annotations(group, errors), float(len(errors))) if errors else None
        alert = self._course.next(self._labels(group), self._active.get(group.key), found, at)
        if alert is None:
            self._active.pop(group.key, None)
            return
        due = alert.needs_sending(at, self._resend_delay_ms)
        if due:
            valid_until = at + 4 * max(group.interval_ms, self._resend_delay_ms)
            alert = replace(alert, last_sent_at=at, valid_until=valid_until)
        self._active[group.key] = alert
        if due:
            await self._sink.send([self._sent(alert, group.tenant)])

    def _labels(self, group: RuleGroup) -> Labels:
        return Labels({ALERT_NAME: NAME, "severity": "critical", "rule_group": group.name, "rule_file": group.file})

    def _annotations(self, group: RuleGroup, errors: Sequence[str]) -> Labels:
        return Labels(
            {
                "summary": f"Rules of the group {group.name} cannot be evaluated",
                "description": f"{len(errors)} of {len(group.rules)} rules fail, so what they watch for goes "
                f"unnoticed, and alerts that fire stay as they are. {errors[0]}",
            }
        )

    def _sent(self, alert: ActiveAlert, tenant: str) -> Alert:
        ends_at = alert.valid_until if alert.resolved_at is None else alert.resolved_at
        assert alert.fired_at is not None and ends_at is not None, "only what has fired is sent"
        return Alert(alert.labels, alert.annotations, alert.fired_at, ends_at, self._link, tenant)
