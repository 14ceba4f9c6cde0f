"""Who is meant by a target, at a given time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchkeeper.access import People
from watchkeeper.model.alert import Alert
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.escalation.policy import Policy, Target
from watchkeeper.oncall.reach import Reach, Telling
from watchkeeper.oncall.schedule.calendar_layer import CalendarLayer
from watchkeeper.oncall.schedule.layer import Crew
from watchkeeper.oncall.schedule.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Roster:
    """People, how they are reached, schedules with all their overrides, and policies, by name.

    Policies' steps and people's rules have severities by the names of their levels.
    """

    people: People = field(default_factory=People)
    reaches: Mapping[str, Reach] = field(default_factory=dict[str, Reach])
    schedules: Mapping[str, Schedule] = field(default_factory=dict[str, Schedule])
    policies: Mapping[str, Policy] = field(default_factory=dict[str, Policy])
    severities: Severities = field(default_factory=Severities)

    def severities_of(self, alerts: Iterable[Alert]) -> frozenset[str]:
        """The severities of alerts, by their levels' names; a value that stands for no level is one by itself."""
        values = {alert.labels.get(self.severities.label, "") for alert in alerts}
        return frozenset(self.severities.meaning(value) for value in values if value)

    def calendars(self) -> list[CalendarLayer]:
        """The layers that calendars of other programs make."""
        every = (layer for schedule in self.schedules.values() for layer in schedule.layers)
        return [layer for layer in every if isinstance(layer, CalendarLayer)]

    def persons(self, target: Target, at: int) -> Crew:
        """Those who are meant at an instant; nobody where the name has gone."""
        match target.kind:
            case "person":
                return (target.name,) if target.name in self.people.persons else ()
            case "schedule":
                schedule = self.schedules.get(target.name)
                return schedule.who(at) if schedule is not None else ()
            case "team":
                team = self.people.teams.get(target.name)
                return team.members if team is not None else ()
            case "lead-of":
                team = self.people.teams.get(target.name)
                return (team.lead,) if team is not None and team.lead else ()
            case "receiver":
                return ()

    def tellings(
        self, target: Target, severities: frozenset[str], at: int, *, urgent: bool
    ) -> list[tuple[str, Telling]]:
        """Who is told by which receiver, and when; a receiver that is nobody's has an empty name."""
        if target.kind == "receiver":
            return [("", Telling(target.name, at))]
        return [
            (person, telling)
            for person in self.persons(target, at)
            if (reach := self.reaches.get(person)) is not None
            for telling in reach.tellings(severities, at, urgent=urgent)
        ]
