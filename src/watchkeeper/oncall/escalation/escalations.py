"""The escalations that are under way: begun, climbed, stopped and ended, over restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

from watchkeeper.base.clock import Clock
from watchkeeper.base.jumps import Jumps
from watchkeeper.journal import Entry, Journal
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.notification import Flush
from watchkeeper.oncall.escalation import course as courses
from watchkeeper.oncall.escalation.escalation import Escalation, Page, State
from watchkeeper.oncall.escalation.groups import Groups
from watchkeeper.oncall.escalation.keeping import kept, writes
from watchkeeper.oncall.escalation.metrics import EscalationMetrics
from watchkeeper.oncall.escalation.outcome import Course, Event
from watchkeeper.oncall.escalation.policy import Target
from watchkeeper.oncall.escalation.telling import Teller, flush_of, lasting
from watchkeeper.oncall.roster import Roster
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

LONGEST_SLEEP_S = 30.0
"""How long the loop trusts the wall clock not to jump."""
AFTER_TROUBLE_S = 1.0

_Change = Callable[[Escalation, int], Course]
InHand: TypeAlias = Callable[[str, str, Collection[str]], str]
"""Who has all of these alerts (fingerprints) of a tenant's group in hand now; empty where nobody has."""


class Escalations:
    """`open` before use, `close` at the end; all on one event loop.

    A change holds at once, and is committed before anybody is told of it: what changes while one transaction is under
    way makes up the next one. What was being told when the process ended is told again. Where the database takes
    nothing, escalation goes on in memory, and is written as soon as it can be.
    """

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        teller: Teller,
        clock: Clock,
        metrics: EscalationMetrics,
        unique: Callable[[], str],
    ) -> None:
        """`unique` makes an id that nobody has made before."""
        self._control = control
        self._journal = journal
        self._teller = teller
        self._clock = clock
        self._metrics = metrics
        self._unique = unique
        self._roster = Roster()
        self._in_hand: InHand | None = None
        self._jumps = Jumps(clock)
        self._live: dict[str, Escalation] = {}
        self._unwritten: set[str] = set()
        """Those that are otherwise than they are kept, the ones that are over included."""
        self._happened: list[Entry] = []
        """What is to be recorded with them."""
        self._taken = 0
        """How many changes there have been, those that have to be written once more among them."""
        self._tried = 0
        """How many of these the database was asked to keep."""
        self._telling: dict[tuple[str, str], asyncio.Task[None]] = {}
        """Those who are being told: a receiver is told of one escalation by one page after the other."""
        self._orphans: set[str] = set()
        """Those whose group was not there when it was looked for last."""
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def heed(self, in_hand: InHand) -> None:
        """Escalate nothing that somebody has in hand already; said before `start`."""
        self._in_hand = in_hand

    async def open(self) -> None:
        """Take up what was under way. Raises StoreFailure."""
        self._live = {one.id: one for one in await kept(self._control)}
        self._metrics.count(self._live.values())

    def start(self) -> None:
        """Go on by the clock."""
        self._catch_up()
        self._loop = asyncio.create_task(self._run(), name="escalations")

    async def close(self) -> None:
        """Go on no longer; what is being told is broken off, and told again after the next start."""
        tasks = [*([self._loop] if self._loop is not None else []), *self._telling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._commit()

    def apply(self, roster: Roster) -> None:
        """Climb by this roster from now on."""
        self._roster = roster
        self._wake.set()

    def live(self) -> list[Escalation]:
        """All that are not over, the oldest first."""
        return sorted(
            (one for one in self._live.values() if one.state is not State.RESOLVED), key=lambda one: one.begun_at
        )

    def find(self, id: str) -> Escalation | None:
        """The one of that id, where it is not over."""
        found = self._live.get(id)
        return found if found is not None and found.state is not State.RESOLVED else None

    async def page(self, policy: str, flush: Flush, *, again: bool) -> None:
        """A group has something to say to those whom a policy names.

        Alerts that fire begin an escalation, or go on with the group's; a group whose alerts have all ended ends it.
        `again` says that the same was told before, and is to be told once more.
        """
        now = self._now()
        alerts = tuple(lasting(alert, now) for alert in flush.alerts)
        firing = any(not alert.is_resolved(now) for alert in alerts)
        under_way = self._of(flush.tenant, flush.group_key, policy)
        if not firing:
            changed = [self._over(replace(one, alerts=alerts), "", now) for one in under_way]
        elif under_way:
            changed = [courses.updated(one, alerts, self._roster, now, again=again) for one in under_way]
        else:
            fresh = Escalation(self._unique(), flush.tenant, flush.group_key, policy, flush.group_labels, alerts, now)
            changed = [courses.begun(fresh, self._roster, now)]
        for course in changed:
            self._take(self._heeded(course))
        self._wake.set()
        await self._go_on([course.escalation.id for course in changed])

    async def acknowledged(self, tenant: str, group_key: str, actor: str) -> None:
        """Somebody has a group's alerts in hand: its escalations stop."""
        await self._change_group(tenant, group_key, lambda one, _: courses.acknowledged(one, actor))

    async def released(self, tenant: str, group_key: str, actor: str = "") -> None:
        """A group's acknowledgement has ended, by its time-out where there is no actor: its escalations go on."""
        await self._change_group(tenant, group_key, lambda one, now: courses.released(one, actor, now))

    async def resolved(self, tenant: str, group_key: str, actor: str = "") -> None:
        """A group is over: its escalations end, and those who were told are told so."""
        await self._change_group(tenant, group_key, lambda one, now: self._over(one, actor, now))

    async def end_orphans(self, groups: Groups) -> None:
        """End those whose group is there no more, at two looks one after the other: nobody tells of their end."""
        gone = {one.id for one in self.live() if not groups.has(one.tenant, one.group_key)}
        lost, self._orphans = self._those(gone & self._orphans), gone
        if lost:
            await self._change(lost, lambda one, now: courses.orphaned(one, now, groups.fires))

    async def resolve(self, id: str, actor: str) -> None:
        """End one escalation. Raises KeyError where there is none of that id."""
        await self._change([self._live[id]], lambda one, now: self._over(one, actor, now))

    async def assign(self, id: str, target: Target, actor: str) -> None:
        """Hand one over to somebody. Raises KeyError where there is none of that id."""
        await self._change([self._live[id]], lambda one, now: courses.assigned(one, target, self._roster, actor, now))

    async def advance(self) -> int | None:
        """Do all that is due by now; when something is next, None where nothing is."""
        await self._go_on(list(self._live))
        waiting = [one.wakes_at for one in self._live.values()]
        now = self._clock.now_ms()
        return min((at for at in waiting if at is not None and at > now), default=None)

    async def settle(self) -> None:
        """Return when nobody is being told any more."""
        while self._telling:
            await asyncio.wait(set(self._telling.values()))

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            sleep_s = LONGEST_SLEEP_S
            try:
                next_at = await self.advance()
                if next_at is not None:
                    sleep_s = min(max((next_at - self._clock.now_ms()) / 1000, 0.01), sleep_s)
            except Exception:
                log.exception("escalation failed in an unforeseen way")
                self._metrics.failures.inc()
                sleep_s = AFTER_TROUBLE_S
            with suppress(TimeoutError):
                async with asyncio.timeout(AFTER_TROUBLE_S if self._unwritten else sleep_s):
                    await self._wake.wait()

    def _catch_up(self) -> None:
        """Take up acknowledgements that came or ended just before the process did."""
        if self._in_hand is None:
            return
        now = self._clock.now_ms()
        for one in self.live():
            actor = self._in_hand(one.tenant, one.group_key, ())
            self._take(courses.acknowledged(one, actor) if actor else courses.released(one, "", now))

    def _now(self) -> int:
        """The time. Where the clock has been set back, what is due is first put as far from it as it was."""
        if back_ms := self._jumps.back_ms():
            log.warning("the clock has been set back by %d s: what is due is, too", back_ms // 1000)
            for one in list(self._live.values()):
                self._take(Course(one.sooner(back_ms)))
        return self._clock.now_ms()

    def _heeded(self, course: Course) -> Course:
        """The course, stopped where somebody has acknowledged all that fires before it came this far."""
        one, now = course.escalation, self._clock.now_ms()
        firing = [fingerprint(alert.labels) for alert in one.alerts if not alert.is_resolved(now)]
        actor = self._in_hand(one.tenant, one.group_key, firing) if self._in_hand is not None and firing else ""
        if not actor:
            return course
        stopped = courses.acknowledged(one, actor)
        return course.then(stopped.escalation, *stopped.events)

    async def _go_on(self, ids: Iterable[str]) -> None:
        """Take the steps of these that are due, commit all that has changed, and tell."""
        ids, now = list(ids), self._now()
        for one in self._those(ids):
            self._take(courses.advanced(one, self._roster, now))
        await self._commit()
        for one in self._those(ids):
            self._tell_due(one, now)

    def _those(self, ids: Iterable[str]) -> list[Escalation]:
        return [one for id in ids if (one := self._live.get(id)) is not None]

    async def _change_group(self, tenant: str, group_key: str, change: _Change) -> None:
        await self._change(self._of(tenant, group_key), change)

    async def _change(self, those: Sequence[Escalation], change: _Change) -> None:
        now = self._now()
        for one in self._those([one.id for one in those]):
            self._take(change(one, now))
        self._wake.set()
        await self._go_on([one.id for one in those])

    def _of(self, tenant: str, group_key: str, policy: str = "") -> list[Escalation]:
        return [
            one
            for one in self._live.values()
            if one.group_key == group_key
            and one.tenant == tenant
            and one.state is not State.RESOLVED
            and (not policy or one.policy == policy)
        ]

    def _over(self, escalation: Escalation, actor: str, now: int) -> Course:
        on_the_way = [receiver for id, receiver in self._telling if id == escalation.id]
        return courses.resolved(escalation, actor, now, on_the_way)

    def _tell_due(self, escalation: Escalation, now: int) -> None:
        for page in escalation.pages:
            key = (escalation.id, page.receiver)
            if page.at <= now and key not in self._telling:
                task = self._telling[key] = asyncio.create_task(self._tell(escalation, page))
                task.add_done_callback(lambda _, key=key: self._told(key))

    def _told(self, key: tuple[str, str]) -> None:
        del self._telling[key]
        self._wake.set()

    async def _tell(self, told: Escalation, page: Page) -> None:
        flush = flush_of(told, page, self._clock.now_ms())
        try:
            arrived = await self._teller.notify(flush, again=told.state is not State.RESOLVED)
        except Exception:
            log.exception("%s could not be told of %s in an unforeseen way", page.receiver, flush.group_key)
            arrived = False
        self._metrics.told(arrived=arrived)
        now = self._now()
        if (escalation := self._live.get(told.id)) is not None:
            self._take(courses.told(escalation, page, now, arrived=arrived))
            await self._commit()

    def _take(self, course: Course) -> None:
        """Live by what has become of an escalation."""
        one = course.escalation
        if self._live.get(one.id) == one and not course.events:
            return
        if one.state is State.RESOLVED and not one.pages:
            self._live.pop(one.id, None)
        else:
            self._live[one.id] = one
        self._unwritten.add(one.id)
        self._taken += 1
        self._happened.extend(self._entry(one, event) for event in course.events)
        self._report(course)

    async def _commit(self) -> None:
        """Return when all that has changed so far is kept and recorded, or the database has not taken it.

        Whoever waited while another's transaction took up the own changes needs none: a thousand share a few.
        """
        needed = self._taken
        async with self._writing:
            if self._tried < needed:
                self._tried = self._taken
                await self._write()

    async def _write(self) -> None:
        ids, self._unwritten = self._unwritten, set()
        entries, self._happened = self._happened, []
        self._metrics.count(self._live.values())
        kept = self._those(ids)
        try:
            await self._control.run([*writes(kept, ids - self._live.keys()), *self._journal.writes(entries)])
        except StoreFailure as failure:
            log.error("%d escalations go on in memory: %s", len(ids), failure)
            self._journal.record(*entries)
            self._metrics.failures.inc()
            self._write_again(ids)
        except BaseException:
            self._write_again(ids)
            raise

    def _write_again(self, ids: set[str]) -> None:
        self._unwritten |= ids
        self._taken += 1

    def _report(self, course: Course) -> None:
        for event in course.events:
            if event.gap:
                self._metrics.gaps.labels(course.escalation.policy).inc()
                log.error("%s: %s", course.escalation.group_key, event.text)

    def _entry(self, escalation: Escalation, event: Event) -> Entry:
        return Entry(
            event.kind,
            self._clock.now_ms(),
            event.text,
            escalation.tenant,
            event.actor,
            tuple(fingerprint(alert.labels) for alert in escalation.alerts),
            escalation.group_key,
            details={"escalation": escalation.id, "policy": escalation.policy, "state": escalation.state.value},
        )
