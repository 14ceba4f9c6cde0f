"""How rules and alerts stand, as the API shows it. Times are ms, durations seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from watchkeeper.rules.alert_state import ActiveAlert, AlertState
from watchkeeper.rules.rule import AlertingRule, Rule, RuleGroup


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """One rule: `health` is ok, err or unknown (not evaluated yet); `alerts` those that are pending or firing."""

    rule: Rule
    health: str = "unknown"
    last_error: str = ""
    last_evaluation: int | None = None
    evaluation_s: float = 0.0
    alerts: Sequence[ActiveAlert] = field(default_factory=tuple[ActiveAlert, ...])

    @property
    def state(self) -> AlertState:
        """The worst state of its alerts."""
        states = {alert.state for alert in self.alerts}
        return next((s for s in (AlertState.FIRING, AlertState.PENDING) if s in states), AlertState.INACTIVE)

    @property
    def is_alerting(self) -> bool:
        """Say whether it is an alerting rule."""
        return isinstance(self.rule, AlertingRule)


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """One group and its rules, in their order."""

    group: RuleGroup
    rules: Sequence[RuleStatus]
    last_evaluation: int | None = None
    evaluation_s: float = 0.0
