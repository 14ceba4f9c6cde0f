"""What a configuration says about silences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Self

from pydantic import model_validator

from watchkeeper.alerts.recurring import RecurringSilence, RecurringSilenceSection
from watchkeeper.alerts.silence_watch import SilencePolicy
from watchkeeper.base.configuration import DurationMs, Problem, Section, Text
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.configuration.tree import Loc, Tree, locate


class SilencePolicySection(Section):
    """`silences`: who is warned of those that end soon or match nothing, and when the latter expire."""

    warn_before_end_ms: DurationMs = 0
    warn_receiver: Text = ""
    expire_unused_after_ms: DurationMs = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.warn_before_end_ms and not self.warn_receiver:
            raise ValueError("warn_before_end needs a warn_receiver")
        return self

    def policy(self) -> SilencePolicy:
        """What the section writes down."""
        return SilencePolicy(self.warn_before_end_ms, self.warn_receiver, self.expire_unused_after_ms)


class SilencingSections(Section):
    """The top level of a file, as far as it is about silences."""

    recurring_silences: tuple[RecurringSilenceSection, ...] = ()
    silences: SilencePolicySection = SilencePolicySection()


@dataclass(frozen=True, slots=True)
class Silencing:
    """The silences that come back, and what becomes of silences that end or match nothing."""

    recurring: tuple[RecurringSilence, ...] = ()
    policy: SilencePolicy = field(default_factory=SilencePolicy)

    @classmethod
    def of(cls, sections: SilencingSections) -> Silencing:
        """What the sections write down, which have been checked."""
        recurring = tuple(section.recurring("file") for section in sections.recurring_silences)
        return cls(recurring, sections.silences.policy())


def check_silencing(sections: SilencingSections, receivers: Collection[str], tree: Tree) -> Iterator[Problem]:
    """Everything that is wrong with the sections together; `tree` is the file's top level, for the places."""
    told = sections.silences.warn_receiver
    if told and told not in receivers:
        text = f'silences.warn_receiver: there is no receiver "{told}"{did_you_mean(told, receivers)}'
        yield Problem(locate(tree, ("silences", "warn_receiver")), text)
    seen: dict[tuple[str, str], Loc] = {}
    for i, one in enumerate(sections.recurring_silences):
        loc: Loc = ("recurring_silences", i, "name")
        first = seen.setdefault((one.tenant, one.name), loc)
        if first != loc:
            other = f'there is another "{one.name}" at {locate(tree, first)}: names must differ'
            yield Problem(locate(tree, loc), f"recurring_silences[{i}].name: {other}")
