"""Alerts of one route that are told together."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.alerts.held import HeldAlert, Identity
from watchkeeper.alerts.route import Route
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.template.printing import quoted


@dataclass(frozen=True, slots=True)
class Member:
    """An alert of a group at the instant of a flush."""

    held: HeldAlert
    alert: Alert
    revision: int


@dataclass(eq=False, slots=True)
class Group:
    """An aggregation group: the alerts of a tenant on one route whose group labels are the same.

    `due_s` is when it is looked at next, on the clock that never jumps. `muted_by` names the time intervals that held
    its last flush back. One that is `gone` takes no alerts any more.
    """

    route: Route
    labels: Labels
    tenant: str
    members: dict[Identity, HeldAlert] = field(default_factory=dict[Identity, HeldAlert])
    due_s: float = 0.0
    overdue: bool = False
    gone: bool = False
    muted_by: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Alertmanager's text for it: `{}/{team="a"}:{alertname="X"}`."""
        pairs = ", ".join(f"{name}={quoted(value)}" for name, value in self.labels.pairs)
        return f"{self.route.key}:{{{pairs}}}"

    def in_order(self) -> list[Member]:
        """Its alerts, in the order in which they are told."""
        members = sorted(self.members.values(), key=lambda held: held.order)
        return [Member(held, held.alert, held.revision) for held in members]

    def forget(self, told: list[Member], at: int) -> None:
        """Drop the alerts that had ended at the instant `at`, unless they have arrived again since."""
        for member in told:
            if member.alert.is_resolved(at) and member.held.revision == member.revision:
                self.members.pop(member.held.identity, None)
