"""`people` and `teams`, as they are written."""

from __future__ import annotations

from typing import Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from watchkeeper.access import Person, Team
from watchkeeper.alerts.intervals.ranges import minute_of_day
from watchkeeper.base.configuration import DurationMs, Flag, Section, Text, TimeZone
from watchkeeper.model.severity import Severities
from watchkeeper.notify import Receiver
from watchkeeper.oncall.reach import Reach, Rule
from watchkeeper.oncall.scalars import Name, TimeOfDay, Weekdays, weekdays
from watchkeeper.oncall.schedule.restriction import Restriction

_ACCOUNTS = ("email", "phone", "slack")


class RuleSection(Section):
    """By which contact, how long after the page; `severities` are those that it is for, all where none are given."""

    contact: Text
    after_ms: DurationMs = 0
    severities: tuple[Text, ...] = ()
    important: Flag = False

    def rule(self, severities: Severities) -> Rule:
        """What it says."""
        names = frozenset(map(severities.meaning, self.severities))
        return Rule(self.contact, self.after_ms, names, self.important)


class QuietHoursSection(Section):
    """When the person is only told what is urgent or by important rules, in their own time zone."""

    weekdays: tuple[Weekdays, ...] = ()
    start_time: TimeOfDay
    end_time: TimeOfDay

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.start_time or not self.end_time or self.start_time == "24:00":
            raise ValueError("quiet hours need a start_time and an end_time, such as 22:00 and 07:00")
        return self

    def restriction(self) -> Restriction:
        """What it says."""
        days = frozenset[int]().union(*map(weekdays, self.weekdays)) if self.weekdays else frozenset(range(7))
        return Restriction(days, minute_of_day(self.start_time), minute_of_day(self.end_time))


class PersonSection(Section):
    """Somebody, how they are reached (`contacts`, each written as a receiver is), and in which order (`rules`)."""

    name: Name
    display_name: Text = ""
    email: Text = ""
    phone: Text = ""
    slack: Text = ""
    time_zone: TimeZone = "UTC"
    contacts: tuple[Receiver, ...] = ()
    rules: tuple[RuleSection, ...] = ()
    quiet_hours: tuple[QuietHoursSection, ...] = ()

    def person(self) -> Person:
        """Who it is."""
        accounts = {system: account for system in _ACCOUNTS if (account := getattr(self, system))}
        return Person(self.name, self.display_name or self.name, self._zone(), accounts)

    def reach(self, severities: Severities) -> Reach:
        """How they are told."""
        contacts = tuple(contact.name for contact in self.contacts)
        rules = tuple(one.rule(severities) for one in self.rules)
        quiet = tuple(one.restriction() for one in self.quiet_hours)
        return Reach(self.name, contacts, rules, quiet, self._zone())

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class TeamSection(Section):
    """People who share duties."""

    name: Name
    members: tuple[Text, ...]
    lead: Text = ""

    def team(self) -> Team:
        """Who it is."""
        return Team(self.name, self.members, self.lead)
