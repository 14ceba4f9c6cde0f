"""`escalation_policies`, as they are written."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from watchkeeper.base.configuration import Count, DurationMs, Flag, Section, Text
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.escalation.policy import Policy, Step, read_target
from watchkeeper.oncall.scalars import Name


def _target(text: str) -> str:
    read_target(text)
    return text


TargetText = Annotated[Text, AfterValidator(_target)]


class StepSection(Section):
    """Whom to tell, how long after the step before, for which severities."""

    notify: tuple[TargetText, ...]
    after_ms: DurationMs = 0
    severities: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.notify:
            raise ValueError("notify must name somebody, such as person:alice")
        return self

    def step(self, severities: Severities) -> Step:
        """What it says."""
        targets = tuple(map(read_target, self.notify))
        return Step(targets, self.after_ms, frozenset(map(severities.meaning, self.severities)))


class PolicySection(Section):
    """A chain of steps."""

    name: Name
    steps: tuple[StepSection, ...]
    fallback: tuple[TargetText, ...] = ()
    repeat: Count = 0
    repeat_after_ms: DurationMs = 300_000
    urgent: Flag = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.steps:
            raise ValueError("an escalation policy needs at least one step")
        if self.repeat and not self.repeat_after_ms:
            raise ValueError("repeat_after must be longer than 0s")
        return self

    def policy(self, severities: Severities) -> Policy:
        """What it says."""
        steps = tuple(one.step(severities) for one in self.steps)
        fallback = tuple(map(read_target, self.fallback))
        return Policy(self.name, steps, fallback, self.repeat, self.repeat_after_ms, self.urgent)
