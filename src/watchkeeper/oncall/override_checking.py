"""Overrides in files that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.tree import Loc, Tree, locate
from watchkeeper.oncall.roster import Roster
from watchkeeper.oncall.sections import OnCallSections


def check_overrides(roster: Roster, sections: OnCallSections, tree: Tree) -> Iterator[Problem]:
    """A warning for each that replaces somebody who has no shift then; `roster` is what the sections say.

    Of a schedule whose calendar comes from a URL nobody knows that before it has been asked for.
    """
    for i, section in enumerate(sections.schedules):
        schedule = roster.schedules[section.name]
        for j, override in enumerate(schedule.overrides):
            earlier = replace(schedule, overrides=schedule.overrides[:j])
            if not section.ical_url and (why := earlier.without_shift(override)):
                loc: Loc = ("schedules", i, "overrides", j, "replaces")
                yield Problem(locate(tree, loc), f"{path(loc)}: {why}")
