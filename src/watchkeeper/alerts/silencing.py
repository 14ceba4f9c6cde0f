"""What a configuration says about silences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.alerts.recurring import RecurringSilence, RecurringSilenceSection
from watchkeeper.base.configuration import Problem, Section
from watchkeeper.base.configuration.tree import Loc, Tree, locate


class SilencingSections(Section):
    """The top level of a file, as far as it is about silences."""

    recurring_silences: tuple[RecurringSilenceSection, ...] = ()


@dataclass(frozen=True, slots=True)
class Silencing:
    """The silences that come back."""

    recurring: tuple[RecurringSilence, ...] = ()

    @classmethod
    def of(cls, sections: SilencingSections) -> Silencing:
        """What the sections write down, which have been checked."""
        return cls(tuple(section.recurring("file") for section in sections.recurring_silences))


def check_silencing(sections: SilencingSections, tree: Tree) -> Iterator[Problem]:
    """Everything that is wrong with the sections together; `tree` is the file's top level, for the places."""
    seen: dict[tuple[str, str], Loc] = {}
    for i, one in enumerate(sections.recurring_silences):
        loc: Loc = ("recurring_silences", i, "name")
        first = seen.setdefault((one.tenant, one.name), loc)
        if first != loc:
            other = f'there is another "{one.name}" at {locate(tree, first)}: names must differ'
            yield Problem(locate(tree, loc), f"recurring_silences[{i}].name: {other}")
