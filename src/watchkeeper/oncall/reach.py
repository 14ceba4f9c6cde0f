"""How a person is told: by which contact, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from watchkeeper.oncall.schedule.restriction import Restriction


def receiver_of(person: str, contact: str) -> str:
    """What notification calls a person's contact."""
    return f"person/{person}/{contact}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One contact, `after_ms` after the page, for these severities (all where there are none).

    An important rule is heeded in quiet hours, too.
    """

    contact: str
    after_ms: int = 0
    severities: frozenset[str] = frozenset()
    important: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """That a receiver is to be told at an instant (ms)."""

    receiver: str
    at: int


@dataclass(frozen=True, slots=True)
class Reach:
    """A person's contacts, by name, and rules for them; quiet hours are in the person's zone."""

    person: str
    contacts: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    quiet_hours: tuple[Restriction, ...] = ()
    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009  # zones are immutable

    def tellings(self, severities: frozenset[str], at: int, *, urgent: bool) -> Iterator[Telling]:
        """What a page at the instant `at` leads to: without a rule for the severities, the first contact at once."""
        fitting = [rule for rule in self.rules if not rule.severities or severities & rule.severities]
        for rule in fitting or [Rule(name) for name in self.contacts[:1]]:
            due = at + rule.after_ms
            quiet = not urgent and not rule.important
            yield Telling(receiver_of(self.person, rule.contact), self._after_quiet_hours(due) if quiet else due)

    def _after_quiet_hours(self, at: int) -> int:
        """The instant itself, or the end of the quiet hours that it lies in; of quiet weeks, the first day's."""
        for _ in range(7):
            ends = [s.until for one in self.quiet_hours for s in one.spans(at, at + 1, self.zone) if s.holds(at)]
            if not ends:
                return at
            at = max(ends)
        return at
