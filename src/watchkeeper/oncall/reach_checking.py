"""Steps of escalation policies that would find people whom nothing can tell."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.tree import Tree, locate
from watchkeeper.oncall.escalation.policy import Target, read_target
from watchkeeper.oncall.schedule.sections import ScheduleSection
from watchkeeper.oncall.sections import OnCallSections


def check_reach(sections: OnCallSections, tree: Tree) -> Iterator[Problem]:
    """A warning for each target of a step that leads to people without contacts, or to a team without members.

    Of a schedule the people of its layers and overrides are looked at; those of its calendar come and go.
    """
    silent = {person.name for person in sections.people if not person.contacts}
    for i, policy in enumerate(sections.escalation_policies):
        for j, step in enumerate(policy.steps):
            for k, text in enumerate(step.notify):
                if why := _unreached(sections, read_target(text), silent):
                    loc = ("escalation_policies", i, "steps", j, "notify", k)
                    yield Problem(locate(tree, loc), f"{path(loc)}: {text} {why}")


def _unreached(sections: OnCallSections, target: Target, silent: set[str]) -> str:
    """What keeps the target from being told, empty where nothing does."""
    if target.kind == "receiver":
        return ""
    people = _people(sections, target)
    if target.kind == "team" and not people:
        return "reaches nobody: the team has no members"
    if not (without := [name for name in people if name in silent]):
        return ""
    verb = "has" if len(without) == 1 else "have"
    return f"does not reach everybody: {', '.join(without)} {verb} no contacts"


def _people(sections: OnCallSections, target: Target) -> list[str]:
    """Whom the target may mean, each once, in the order of the file."""
    match target.kind:
        case "person":
            return [target.name]
        case "schedule":
            return list(dict.fromkeys(n for one in sections.schedules if one.name == target.name for n in _crew(one)))
        case "team":
            return [name for team in sections.teams if team.name == target.name for name in team.members]
        case _:
            return [team.lead for team in sections.teams if team.name == target.name]


def _crew(schedule: ScheduleSection) -> Iterator[str]:
    for layer in schedule.layers:
        for crew in layer.people:
            yield from crew
    yield from (override.person for override in schedule.overrides)
