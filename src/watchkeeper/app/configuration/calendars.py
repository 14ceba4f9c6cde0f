"""Calendars that a configuration names by file, read as it is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watchkeeper.alerts import Silencing
from watchkeeper.app.configuration.sections import WholeFile
from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.tree import Loc, Tree, locate
from watchkeeper.base.ical import CalendarFailure, Feed
from watchkeeper.oncall import Roster


def feeds_of(roster: Roster, silencing: Silencing) -> tuple[Feed, ...]:
    """Every calendar that schedules and recurring silences live by."""
    silences = (one.schedule.feed for one in silencing.recurring)
    return (*(layer.feed for layer in roster.calendars()), *(feed for feed in silences if feed is not None))


def read_calendars(feeds: Sequence[Feed], sections: WholeFile, tree: Tree) -> Iterator[Problem]:
    """Read those that are files; what is wrong with them, at the places that name them."""
    places = {one.ical_file: ("schedules", i) for i, one in enumerate(sections.schedules)}
    places |= {one.ical_file: ("recurring_silences", i) for i, one in enumerate(sections.recurring_silences)}
    for feed in feeds:
        if feed.file is None:
            continue
        loc: Loc = (*places[feed.file], "ical_file")
        try:
            feed.take_file(None)
        except CalendarFailure as failure:
            yield Problem(locate(tree, loc), f"{path(loc)}: {failure}")


def unknown_names(roster: Roster, sections: WholeFile, tree: Tree) -> Iterator[Problem]:
    """A warning for each name in an event of a schedule's file that nobody has."""
    named = {f"schedule {one.name}": i for i, one in enumerate(sections.schedules)}
    for layer in roster.calendars():
        loc: Loc = ("schedules", named[layer.feed.name], "ical_file")
        for name in layer.unknown():
            text = f'an event names "{name[:60]}", and there is no such person: a name, display_name or email is right'
            yield Problem(locate(tree, loc), f"{path(loc)}: {text}")
