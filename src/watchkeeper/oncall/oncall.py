"""The room: people, schedules with their overrides, and the escalations under way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.notify import Trial
from watchkeeper.oncall.escalation.escalations import Escalations
from watchkeeper.oncall.escalation.keeping import TABLE as ESCALATIONS
from watchkeeper.oncall.escalation.metrics import EscalationMetrics
from watchkeeper.oncall.escalation.policy import Target
from watchkeeper.oncall.escalation.telling import Teller
from watchkeeper.oncall.failure import OnCallFailure, right_names
from watchkeeper.oncall.reach import receiver_of
from watchkeeper.oncall.roster import Roster
from watchkeeper.oncall.schedule.keeping import TABLE as OVERRIDES
from watchkeeper.oncall.schedule.keeping import delete, kept, put
from watchkeeper.oncall.schedule.override import Override
from watchkeeper.oncall.schedule.schedule import Schedule
from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "oncall"
STEPS = (ControlStep(1, "overrides and escalations", (OVERRIDES, ESCALATIONS)),)


class OnCall:
    """`open` before use, `apply` a configuration, then `start`; `close` at the end; all on one event loop."""

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        teller: Teller,
        clock: Clock,
        registry: CollectorRegistry,
        unique: Callable[[], str] = partial(secrets.token_hex, 8),  # noqa: B008  # a function, made once
    ) -> None:
        self._control = control
        self._journal = journal
        self._teller = teller
        self._clock = clock
        self._unique = unique
        self._metrics = EscalationMetrics(registry)
        self._configured = Roster()
        self._overrides: list[tuple[str, Override]] = []
        self.roster = Roster()
        self.escalations = Escalations(control, journal, teller, clock, self._metrics, unique)

    async def open(self) -> None:
        """Make the tables, and read what is kept. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        self._overrides = await kept(self._control)
        await self.escalations.open()

    async def close(self) -> None:
        """Go on no longer."""
        await self.escalations.close()

    def start(self) -> None:
        """Climb policies by the clock."""
        self.escalations.start()

    def apply(self, roster: Roster) -> None:
        """Live by a configuration from now on."""
        self._configured = roster
        self._renew()

    def schedule(self, name: str) -> Schedule:
        """A schedule with all its overrides. Raises OnCallFailure where there is none of that name."""
        if (found := self.roster.schedules.get(name)) is None:
            raise OnCallFailure(
                f'there is no schedule "{name}"{right_names(name, self.roster.schedules)}', missing=True
            )
        return found

    def check_target(self, target: Target) -> None:
        """Raise OnCallFailure where there is nobody of that name, or nobody can be told by it now."""
        known = {
            "person": self.roster.people.persons,
            "team": self.roster.people.teams,
            "lead-of": self.roster.people.teams,
            "schedule": self.roster.schedules,
        }.get(target.kind)
        if known is None:
            right = "person:NAME, schedule:NAME, team:NAME or lead-of:NAME would be right"
            raise OnCallFailure(f'"{target}" is nobody who could look after it: {right}')
        if target.name not in known:
            raise OnCallFailure(f'there is nobody to hand over to by "{target}"{right_names(target.name, known)}')
        now = self._clock.now_ms()
        if not self.roster.tellings(target, frozenset(), now, urgent=True):
            people = self.roster.persons(target, now)
            why = f"{', '.join(people)} cannot be told by any contact" if people else "there is nobody now"
            raise OnCallFailure(f'nobody would hear that it is handed over to "{target}": {why}')

    async def test(self, name: str) -> Mapping[str, Sequence[Trial]]:
        """Send somebody a test notification by each contact. Raises OnCallFailure where there is no such person."""
        if (reach := self.roster.reaches.get(name)) is None:
            raise OnCallFailure(f'there is no person "{name}"{right_names(name, self.roster.reaches)}', missing=True)
        return {contact: await self._teller.test(receiver_of(name, contact)) for contact in reach.contacts}

    async def override(self, name: str, override: Override) -> Override:
        """Keep an override; as it is kept, with its id.

        Raises OnCallFailure where a name is unknown, it is over already or there is nothing to take over, StoreFailure.
        """
        self._check_override(name, override)
        made = replace(override, id=self._unique())
        details = {"override": made.id, "comment": made.comment}
        entry = self._changed(name, made.created_by, _said(made), details)
        await self._control.run([*put(name, made, self._clock.now_ms()), *self._journal.writes([entry])])
        self._overrides.append((name, made))
        self._renew()
        return made

    async def swap(self, name: str, one: Override, other: Override) -> tuple[Override, Override]:
        """Keep both overrides of a swap, or neither; as they are kept. Raises as `override`."""
        for half in (one, other):
            self._check_override(name, half)
        made = replace(one, id=self._unique()), replace(other, id=self._unique())
        text = f"{one.replaces} and {one.person} swap: {_said(made[0])}, and {_said(made[1])}"
        details = {"overrides": [half.id for half in made], "comment": one.comment}
        entry = self._changed(name, one.created_by, text, details)
        now = self._clock.now_ms()
        kept = [write for half in made for write in put(name, half, now)]
        await self._control.run([*kept, *self._journal.writes([entry])])
        self._overrides.extend((name, half) for half in made)
        self._renew()
        return made

    async def withdraw(self, name: str, id: str, actor: str) -> None:
        """Forget an override. Raises OnCallFailure where there is none, or the configuration has it, StoreFailure."""
        found = next((one for schedule, one in self._overrides if schedule == name and one.id == id), None)
        if found is None:
            raise OnCallFailure(f'schedule {name} has no override "{id}" that was made through the API', missing=True)
        details = {"override": id, "comment": found.comment}
        entry = self._changed(name, actor, f"is no longer so: {_said(found)}", details)
        await self._control.run([*delete(id), *self._journal.writes([entry])])
        self._overrides = [one for one in self._overrides if one[1].id != id]
        self._renew()

    def _renew(self) -> None:
        def of(name: str) -> Sequence[Override]:
            return [one for schedule, one in self._overrides if schedule == name]

        schedules = {name: one.with_overrides(of(name)) for name, one in self._configured.schedules.items()}
        self.roster = replace(self._configured, schedules=schedules)
        self._metrics.watch({name: partial(self._gapes, one) for name, one in schedules.items()})
        self.escalations.apply(self.roster)

    def _gapes(self, schedule: Schedule) -> bool:
        return not schedule.who(self._clock.now_ms())

    def _check_override(self, schedule: str, override: Override) -> None:
        found, persons = self.schedule(schedule), self.roster.people.persons
        for person in filter(None, (override.person, override.replaces)):
            if person not in persons:
                raise OnCallFailure(f'there is no person "{person}"{right_names(person, persons)}')
        if override.person == override.replaces:
            raise OnCallFailure(f"{override.person} cannot replace themselves: somebody else would be right")
        if override.until <= self._clock.now_ms():
            raise OnCallFailure(f"it ends at {_time(override.until)}, which is over: a later end would be right")
        if why := found.without_shift(override):
            raise OnCallFailure(why)

    def _changed(self, schedule: str, actor: str, text: str, details: Mapping[str, object]) -> Entry:
        return Entry(
            Kind.SCHEDULE_CHANGED,
            self._clock.now_ms(),
            f"Schedule {schedule}: {text}",
            actor=actor,
            details={"schedule": schedule, **details},
        )


def _said(override: Override) -> str:
    whom = f"the shifts of {override.replaces}" if override.replaces else "all shifts"
    return f"{override.person} takes {whom} from {_time(override.since)} until {_time(override.until)}"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
