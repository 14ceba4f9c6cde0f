"""An escalation: how far a group's alerts have climbed a policy, and who is still to be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels


class State(StrEnum):
    """What becomes of it next."""

    ESCALATING = "escalating"
    """The next step is due at a known time."""
    EXHAUSTED = "exhausted"
    """Everybody has been told and nobody has acknowledged."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody has it in hand: nobody else is told."""
    RESOLVED = "resolved"
    """It is over; those who were told are told so, then it is forgotten."""


@dataclass(frozen=True, slots=True)
class Page:
    """One receiver that is to be told at the instant `at` (ms), for `person` where it is somebody's contact.

    `note` is what is said besides the alerts: why it comes to this receiver.
    """

    number: int
    receiver: str
    at: int
    person: str = ""
    note: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Escalation:
    """A group's alerts on their way up a policy; a value. Times are in ms since the epoch.

    `steps_told` counts steps over all rounds. `due_at` is when the next step is, None where there is none. `told` are
    the receivers that know. The alerts are those of the group's newest notification; those that fire have no end in
    sight. `note` is what the next page has to say besides.
    """

    id: str
    tenant: str
    group_key: str
    policy: str
    group_labels: Labels
    alerts: tuple[Alert, ...]
    begun_at: int
    state: State = State.ESCALATING
    steps_told: int = 0
    due_at: int | None = None
    pages: tuple[Page, ...] = ()
    pages_made: int = 0
    told: tuple[str, ...] = ()
    assigned: str = ""
    acknowledged_by: str = ""
    note: str = ""

    @property
    def wakes_at(self) -> int | None:
        """When something is due next."""
        times = [page.at for page in self.pages]
        if self.due_at is not None:
            times.append(self.due_at)
        return min(times, default=None)

    def sooner(self, by_ms: int) -> Escalation:
        """The same with all that is due so much sooner."""
        due_at = None if self.due_at is None else self.due_at - by_ms
        return replace(self, due_at=due_at, pages=tuple(replace(one, at=one.at - by_ms) for one in self.pages))
