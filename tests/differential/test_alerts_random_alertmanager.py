"""Random scenes played to the real Alertmanager and to us: the same notifications, in the same
order, and the same alerts and groups over the API.

Others than these seeds are played by giving other numbers; where machines are slow, by longer beats.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_beside import Pair, needs_alertmanager
from alerts_course import Course, in_order, text_of
from alerts_random import FLUSHES, RELOADS, RESTARTS, Rhythm, draw_scene

pytestmark = needs_alertmanager


@dataclass(frozen=True)
class Play:
    """Seeds that are played at the same time, until the beat `last`."""

    rhythm: Rhythm
    seeds: range
    last: float
    least: int
    """How many notifications there are at least: what tells nothing compares nothing."""


PLAYS = {
    "flushes": Play(replace(FLUSHES, instants=(0, 2, 4, 6, 8), beat_s=2), range(100, 118), 11, 50),
    "a reload": Play(replace(RELOADS, instants=(0, 4, 7.5, 12), reloads=(8,)), range(100, 115), 16, 25),
    "a restart": Play(replace(RESTARTS, instants=(0, 4, 12)), range(15), 16, 20),
}


@pytest.mark.parametrize("name", PLAYS)
def test_random_scenes_are_told_and_listed_alike(name: str, tmp_path: Path) -> None:
    play = PLAYS[name]
    scenes = [draw_scene(seed, play.rhythm) for seed in play.seeds]
    with Pair(tmp_path, text_of(scenes, play.rhythm)) as pair:
        course = Course(pair, scenes, play.rhythm)
        theirs, ours = course.play(play.last)
    assert in_order(ours) == in_order(theirs)
    assert sum(len(told) for groups in theirs.values() for told in groups.values()) >= play.least
    assert course.listed[pair.ours.name] == course.listed[pair.theirs.name]
