"""An incident: trouble that people deal with together, from its beginning to what is learnt of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchkeeper.model.tenant import DEFAULT_TENANT

PREFIX = "INC-"
ROLES = ("commander", "communications", "scribe")


class Status(StrEnum):
    """How far people have got with it."""

    TRIGGERED = "triggered"
    """Nobody has taken it up."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody works on it."""
    MITIGATED = "mitigated"
    """Users are not affected any more, the cause may still be there."""
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Link:
    """Something elsewhere that belongs to it: a ticket, a chat, a dashboard."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """That a receiver keeps a ticket of it, since an instant (ms since the epoch)."""

    receiver: str
    since: int


@dataclass(frozen=True, slots=True)
class LinkedAlert:
    """An alert that belongs to it (times in ms since the epoch); `ends_at` is None while it fires."""

    fingerprint: str
    labels: Mapping[str, str]
    starts_at: int
    ends_at: int | None = None

    @property
    def fires(self) -> bool:
        """Whether it has not ended."""
        return self.ends_at is None


@dataclass(frozen=True, slots=True)
class Tick:
    """A runbook's step that somebody has done, by its text."""

    step: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something to be done so that it does not happen again."""

    text: str
    owner: str = ""
    done: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class GroupName:
    """Which alerts it gathers while it is open: those of a rule that have these labels (empty ones included)."""

    rule: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of a tenant; times in ms since the epoch.

    `triggered_at` is when it was opened. `acknowledged_at` is when a person first took it up, by acknowledging,
    mitigating or resolving it. `automatic` says that it is resolved once all its alerts have ended. `merged` are the
    incidents that have become part of it, `merged_into` is the one that it has become part of.
    """

    number: int
    title: str
    triggered_at: int
    tenant: str = DEFAULT_TENANT
    status: Status = Status.TRIGGERED
    severity: str = ""
    service: str = ""
    team: str = ""
    assignee: str = ""
    commander: str = ""
    communications: str = ""
    scribe: str = ""
    summary: str = ""
    impact: str = ""
    runbook: str = ""
    opened_by: str = ""
    automatic: bool = False
    acknowledged_at: int | None = None
    mitigated_at: int | None = None
    resolved_at: int | None = None
    merged_into: str = ""
    merged: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    links: tuple[Link, ...] = ()
    alerts: tuple[LinkedAlert, ...] = ()
    groups: tuple[GroupName, ...] = ()
    ticks: tuple[Tick, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    ticket: Ticket | None = None

    @property
    def id(self) -> str:
        """What people call it: `INC-7`."""
        return f"{PREFIX}{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether people still deal with it."""
        return self.status is not Status.RESOLVED

    @property
    def fires(self) -> bool:
        """Whether any of its alerts has not ended."""
        return any(alert.fires for alert in self.alerts)

    def alert(self, fingerprint: str) -> LinkedAlert | None:
        """The alert of that fingerprint, where it belongs to it."""
        return next((alert for alert in self.alerts if alert.fingerprint == fingerprint), None)


def number_of(id: str) -> int | None:
    """The number in `INC-7`, in any case; None where it is no such id."""
    digits = id.upper().removeprefix(PREFIX)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
