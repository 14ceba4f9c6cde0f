"""What a change of an escalation comes to: its next value, and what to record."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.journal import Kind
from watchkeeper.oncall.escalation.escalation import Escalation


@dataclass(frozen=True, slots=True)
class Event:
    """Something to record; `gap` where it is that a step reached nobody."""

    kind: Kind
    text: str
    actor: str = ""
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """An escalation, and what has happened to it."""

    escalation: Escalation
    events: tuple[Event, ...] = ()

    def then(self, escalation: Escalation, *events: Event) -> Course:
        """The course gone on."""
        return Course(escalation, (*self.events, *events))
