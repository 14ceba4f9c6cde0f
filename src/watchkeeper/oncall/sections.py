"""The top level of the configuration, as far as it is about people and who of them is told."""

from __future__ import annotations

from watchkeeper.access import People
from watchkeeper.base.configuration import Section
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.escalation.sections import PolicySection
from watchkeeper.oncall.person_sections import PersonSection, TeamSection
from watchkeeper.oncall.roster import Roster
from watchkeeper.oncall.schedule.sections import ScheduleSection


class OnCallSections(Section):
    """People, teams, schedules and policies."""

    people: tuple[PersonSection, ...] = ()
    teams: tuple[TeamSection, ...] = ()
    schedules: tuple[ScheduleSection, ...] = ()
    escalation_policies: tuple[PolicySection, ...] = ()

    def roster(self, severities: Severities) -> Roster:
        """What they say, once they have been checked together; by which `severities` steps and rules go."""
        known = {word.lower(): one.name for one in self.people for word in (one.email, one.display_name) if word}
        known |= {one.name.lower(): one.name for one in self.people}
        return Roster(
            People({one.name: one.person() for one in self.people}, {one.name: one.team() for one in self.teams}),
            {one.name: one.reach(severities) for one in self.people},
            {one.name: one.schedule(known) for one in self.schedules},
            {one.name: one.policy(severities) for one in self.escalation_policies},
            severities,
        )
