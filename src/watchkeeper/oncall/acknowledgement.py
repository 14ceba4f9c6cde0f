"""Somebody's word that a group of alerts is being looked after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

GroupName: TypeAlias = tuple[str, str]
"""A tenant and a group key."""


class Ending(Enum):
    """Why an acknowledgement is over."""

    RELEASED = "taken back"
    TIMED_OUT = "timed out"
    NEW_ALERT = "a new alert fired"
    RESOLVED = "nothing fires any more"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Given by `actor` at the instant `at` about the `alerts` of a group that fired then (by their fingerprints).

    It times out at `until` (both in ms since the epoch), or never where that is None. `via` is the way it came:
    `link`, `page`, `api`, `slack`, `sms`, `voice`. `closed` says that the person holds the matter to be over: nothing
    is told or escalated until a new alert fires.
    """

    tenant: str
    group_key: str
    alerts: frozenset[str]
    actor: str
    via: str
    at: int
    until: int | None = None
    comment: str = ""
    closed: bool = False

    @property
    def name(self) -> GroupName:
        """Whose it is."""
        return self.tenant, self.group_key

    def has_timed_out(self, at: int) -> bool:
        """Say whether it is over by the instant `at` for its age alone."""
        return self.until is not None and self.until <= at

    def holds(self, firing: Collection[str], at: int) -> bool:
        """Say whether it covers all alerts that fire at that instant."""
        return not self.has_timed_out(at) and self.alerts.issuperset(firing)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an acknowledgement: given where `ending` is None. `actor` did it; empty where nobody did."""

    acknowledgement: Acknowledgement
    ending: Ending | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody who acknowledges learns: the one in force now, and whether it is theirs or was there before."""

    acknowledgement: Acknowledgement
    given: bool
