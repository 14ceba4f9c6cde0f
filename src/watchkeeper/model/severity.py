"""How bad something is, and how soon somebody should respond."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from watchkeeper.model.business_hours import BusinessHours


class Hours(StrEnum):
    """Which time counts towards a response."""

    ALWAYS = "always"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Severity:
    """A level. Somebody should respond within `respond_within_ms` of `hours`, or by the end of the next business day.

    With neither there is no target. `aliases` are other values of the label that mean the same.
    """

    name: str
    aliases: tuple[str, ...] = ()
    respond_within_ms: int | None = None
    by_next_business_day: bool = False
    hours: Hours = Hours.ALWAYS
    color: str = ""


@dataclass(frozen=True, slots=True)
class Severities:
    """The levels that values of a label stand for, the gravest first; without any there is no vocabulary."""

    levels: tuple[Severity, ...] = ()
    label: str = "severity"
    business_hours: BusinessHours = field(default_factory=BusinessHours)

    def named(self, value: str) -> Severity | None:
        """The level that a value of the label stands for, None where it is unknown."""
        return next((one for one in self.levels if value == one.name or value in one.aliases), None)

    def meaning(self, value: str) -> str:
        """The name of the level that a value of the label stands for; the value itself where it is unknown."""
        level = self.named(value)
        return value if level is None else level.name

    @property
    def words(self) -> tuple[str, ...]:
        """Every value that is known."""
        return tuple(word for one in self.levels for word in (one.name, *one.aliases))

    def response_deadline(self, severity: Severity, fired_at: int) -> int | None:
        """By which instant somebody should have responded to what fired at that one (ms); None without a target."""
        if severity.by_next_business_day:
            return self.business_hours.end_of_next_day(fired_at)
        if severity.respond_within_ms is None:
            return None
        if severity.hours is Hours.BUSINESS:
            return self.business_hours.after(fired_at, severity.respond_within_ms)
        return fired_at + severity.respond_within_ms
