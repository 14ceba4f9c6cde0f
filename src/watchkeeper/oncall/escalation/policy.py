"""Whom to tell, in which order, how long after each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TargetKind = Literal["person", "schedule", "team", "lead-of", "receiver"]
KINDS: tuple[TargetKind, ...] = ("person", "schedule", "team", "lead-of", "receiver")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step tells: `person:alice`, `schedule:primary`, `team:x`, `lead-of:x`, `receiver:chat`."""

    kind: TargetKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def read_target(text: str) -> Target:
    """The target that a text names. Raises ValueError."""
    kind, colon, name = text.partition(":")
    found: TargetKind | None = next((one for one in KINDS if one == kind), None)
    if found is None or not colon or not name.strip():
        right = ", ".join(f"{one}:NAME" for one in KINDS)
        raise ValueError(f'"{text}" is nobody to tell: right would be {right}')
    return Target(found, name.strip())


@dataclass(frozen=True, slots=True)
class Step:
    """These targets, `after_ms` after the step before; for these severities only (all where there are none)."""

    targets: tuple[Target, ...]
    after_ms: int = 0
    severities: frozenset[str] = frozenset()

    def fits(self, severities: frozenset[str]) -> bool:
        """Say whether the step is for alerts of one of these severities."""
        return not self.severities or bool(self.severities & severities)


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps, told `repeat` more times where nobody acknowledges, `repeat_after_ms` after the last one.

    The fallback is told in place of a step that reaches nobody. What is urgent is told in quiet hours, too.
    """

    name: str
    steps: tuple[Step, ...]
    fallback: tuple[Target, ...] = ()
    repeat: int = 0
    repeat_after_ms: int = 300_000
    urgent: bool = False

    def steps_for(self, severities: frozenset[str]) -> tuple[Step, ...]:
        """The steps that are for alerts of one of these severities."""
        return tuple(step for step in self.steps if step.fits(severities))
