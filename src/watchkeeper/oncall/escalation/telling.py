"""A page as what notification takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from watchkeeper.model.alert import Alert
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Trial
from watchkeeper.oncall.escalation.escalation import Escalation, Page

PATIENCE_MS = 300_000
"""How long notification tries one page by itself."""
REMEMBERED_MS = 60 * 3_600_000
"""What the notification log is told to be the interval between notifications: it keeps entries for twice as long."""
LASTING_MS = 315_360_000_000
"""Ten years: how long an alert fires of which we hear nothing else."""
SUMMARY = "summary"
NOTE = "escalation"
"""The annotation that says why a page comes to this receiver."""


class Teller(Protocol):
    """Tells receivers; the room `notify` is one."""

    async def notify(self, flush: Flush, *, again: bool = False) -> bool:
        """Tell the flush's receiver, with `again` also what it knows already, and say whether that succeeded."""
        ...

    async def test(self, receiver: str) -> Sequence[Trial]:
        """Send a test notification by every integration of a receiver. Raises KeyError where there is none."""
        ...


def flush_of(escalation: Escalation, page: Page, now: int) -> Flush:
    """What the page's receiver is told; its note stands in an annotation, and before each summary."""
    return Flush(
        page.receiver,
        escalation.group_key,
        escalation.group_labels,
        tuple(_noted(alert, page.note) for alert in escalation.alerts),
        REMEMBERED_MS,
        now,
        now + PATIENCE_MS,
        escalation.tenant,
    )


def lasting(alert: Alert, now: int) -> Alert:
    """The alert, its end out of sight while it fires: its end comes with the group's notification of it."""
    return alert if alert.is_resolved(now) else replace(alert, ends_at=now + LASTING_MS)


def _noted(alert: Alert, note: str) -> Alert:
    if not note:
        return alert
    summary = alert.annotations.get(SUMMARY, "")
    text = f"{note}. {summary}" if summary else note
    return replace(alert, annotations={**alert.annotations, NOTE: note, SUMMARY: text})
