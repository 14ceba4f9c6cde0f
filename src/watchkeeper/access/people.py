"""People and teams, as the configuration names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody. `name` is what schedules, policies, logins and the journal call them.

    `accounts` are their names elsewhere, by the system: `slack` (a member id), `phone` (E.164), `email`.
    """

    name: str
    display_name: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    accounts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Team:
    """People who share duties, by name; the lead may be nobody (empty)."""

    name: str
    members: tuple[str, ...] = ()
    lead: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody and every team, by name."""

    persons: Mapping[str, Person] = field(default_factory=dict[str, Person])
    teams: Mapping[str, Team] = field(default_factory=dict[str, Team])

    def by_account(self, system: str, account: str) -> Person | None:
        """Whose account that is, if anybody's."""
        found = (person for person in self.persons.values() if account and person.accounts.get(system) == account)
        return next(found, None)
