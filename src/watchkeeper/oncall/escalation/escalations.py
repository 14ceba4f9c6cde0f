"""The escalations that are under way: begun, climbed, stopped and ended, over restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry, Journal
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.notification import Flush
from watchkeeper.oncall.escalation import course as courses
from watchkeeper.oncall.escalation.escalation import Escalation, Page, State
from watchkeeper.oncall.escalation.keeping import drop, keep, kept
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


class Escalations:
    """`open` before use, `close` at the end; all on one event loop.

    A step and what it leads to are committed before anybody is told; what was being told when the process ended is told
    again. Where the database takes nothing, escalation goes on in memory, and is written as soon as it can be.
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
        self._live: dict[str, Escalation] = {}
        self._unwritten: set[str] = set()
        self._telling: dict[tuple[str, str], asyncio.Task[None]] = {}
        """Those who are being told: a receiver is told of one escalation by one page after the other."""
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up what was under way. Raises StoreFailure."""
        self._live = {one.id: one for one in await kept(self._control)}
        self._metrics.count(self._live.values())

    def start(self) -> None:
        """Go on by the clock."""
        self._loop = asyncio.create_task(self._run(), name="escalations")

    async def close(self) -> None:
        """Go on no longer; what is being told is broken off, and told again after the next start."""
        tasks = [*([self._loop] if self._loop is not None else []), *self._telling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        async with self._lock:
            now = self._clock.now_ms()
            alerts = tuple(lasting(alert, now) for alert in flush.alerts)
            firing = any(not alert.is_resolved(now) for alert in alerts)
            under_way = self._of(flush.tenant, flush.group_key, policy)
            if not firing:
                for one in under_way:
                    await self._keep(self._over(replace(one, alerts=alerts), "", now))
            elif not under_way:
                fresh = Escalation(
                    self._unique(), flush.tenant, flush.group_key, policy, flush.group_labels, alerts, now
                )
                await self._keep(courses.begun(fresh, self._roster, now))
            for one in under_way if firing else ():
                await self._keep(courses.updated(one, alerts, self._roster, now, again=again))
            await self._advance()

    async def acknowledged(self, tenant: str, group_key: str, actor: str) -> None:
        """Somebody has a group's alerts in hand: its escalations stop."""
        await self._change_group(tenant, group_key, lambda one, _: courses.acknowledged(one, actor))

    async def released(self, tenant: str, group_key: str, actor: str = "") -> None:
        """A group's acknowledgement has ended, by its time-out where there is no actor: its escalations go on."""
        await self._change_group(tenant, group_key, lambda one, now: courses.released(one, actor, now))

    async def resolved(self, tenant: str, group_key: str, actor: str = "") -> None:
        """A group is over: its escalations end, and those who were told are told so."""
        await self._change_group(tenant, group_key, lambda one, now: self._over(one, actor, now))

    async def resolve(self, id: str, actor: str) -> None:
        """End one escalation. Raises KeyError where there is none of that id."""
        await self._change([self._live[id]], lambda one, now: self._over(one, actor, now))

    async def assign(self, id: str, target: Target, actor: str) -> None:
        """Hand one over to somebody. Raises KeyError where there is none of that id."""
        await self._change([self._live[id]], lambda one, now: courses.assigned(one, target, self._roster, actor, now))

    async def advance(self) -> int | None:
        """Do all that is due by now; when something is next, None where nothing is."""
        async with self._lock:
            return await self._advance()

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

    async def _advance(self) -> int | None:
        now = self._clock.now_ms()
        for one in list(self._live.values()):
            course = courses.advanced(one, self._roster, now)
            if course.escalation != one or one.id in self._unwritten:
                await self._keep(course)
        for one in list(self._live.values()):
            self._tell_due(one, now)
        waiting = [one.wakes_at for one in self._live.values()]
        return min((at for at in waiting if at is not None and at > now), default=None)

    async def _change_group(self, tenant: str, group_key: str, change: _Change) -> None:
        await self._change(self._of(tenant, group_key), change)

    async def _change(self, those: Sequence[Escalation], change: _Change) -> None:
        async with self._lock:
            now = self._clock.now_ms()
            for one in those:
                if (current := self._live.get(one.id)) is not None:
                    await self._keep(change(current, now))
            await self._advance()
            self._wake.set()

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
        async with self._lock:
            if (escalation := self._live.get(told.id)) is not None:
                await self._keep(courses.told(escalation, page, self._clock.now_ms(), arrived=arrived))

    async def _keep(self, course: Course) -> None:
        """Live by what has become of an escalation, kept and recorded in one transaction where that is possible."""
        one = course.escalation
        done = one.state is State.RESOLVED and not one.pages
        entries = [self._entry(one, event) for event in course.events]
        before = self._live.get(one.id)
        if done:
            self._live.pop(one.id, None)
        else:
            self._live[one.id] = one
        self._metrics.count(self._live.values())
        self._report(course)
        if before == one and not entries and one.id not in self._unwritten:
            return
        try:
            await self._control.run([*(drop(one.id) if done else keep(one)), *self._journal.writes(entries)])
            self._unwritten.discard(one.id)
        except StoreFailure as failure:
            log.error("the escalation of %s goes on in memory: %s", one.group_key, failure)
            self._journal.record(*entries)
            self._metrics.failures.inc()
            if not done:
                self._unwritten.add(one.id)

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
