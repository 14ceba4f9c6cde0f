"""Groups and their times (Alertmanager's `dispatch`): which alerts belong together, and when they are told."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import TypeAlias

from watchkeeper.alerts.acknowledged import Acknowledged, NobodyAcknowledges
from watchkeeper.alerts.group import Group, Member
from watchkeeper.alerts.held import HeldAlert
from watchkeeper.alerts.metrics import AlertsMetrics
from watchkeeper.alerts.muting import Muting
from watchkeeper.alerts.notifier import Notifier
from watchkeeper.alerts.route import Route, continued
from watchkeeper.base.clock import Clock
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush

log = logging.getLogger(__name__)

SHORTEST_TELLING_MS = 10_000
_Key = tuple[str, str, Labels]
_Told: TypeAlias = tuple[str, str, str, Labels]


class Dispatcher:
    """The groups of a routing tree. All times come from `run`, or from a caller of `flush_due`."""

    def __init__(
        self,
        root: Route,
        muting: Muting,
        notifier: Notifier,
        clock: Clock,
        metrics: AlertsMetrics,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        self._root = root
        self._muting = muting
        self._notifier = notifier
        self._clock = clock
        self._metrics = metrics
        self._acknowledged = acknowledged or NobodyAcknowledges()
        self._groups: dict[_Key, Group] = {}
        self._due: list[tuple[float, int, Group]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._telling: dict[_Told, asyncio.Task[None]] = {}

    def groups(self) -> list[Group]:
        """Those that hold alerts."""
        return [group for group in self._groups.values() if group.members]

    def group(self, tenant: str, route: Route, labels: Labels) -> Group | None:
        """A route's group with these labels, where there is one."""
        return self._groups.get((tenant, route.id, labels))

    def next_flush_at(self, group: Group) -> int:
        """When a group is looked at next, in ms since the epoch; not before now."""
        return self._clock.now_ms() + max(round((group.due_s - self._clock.monotonic_s()) * 1000), 0)

    def take(self, held: HeldAlert) -> None:
        """Put an alert into its groups; one older than the wait of a group that it begins is told at once."""
        if not held.groups or any(group.gone for group in held.groups):
            held.groups = tuple(self._group(held, route) for route in self._root.match(held.matched_labels))
        now, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        for group in held.groups:
            self._admit(held, group, now, now_s)

    def reroute(self, root: Route, muting: Muting, alerts: Iterable[HeldAlert]) -> None:
        """Live by another tree. Groups of routes that it continues go on as if nothing had happened; the others go.

        Each of the alerts is matched anew. One that has ended joins a group that goes on only where that has still to
        tell of it, and all the others, as it does in Alertmanager.
        """
        kept = continued(self._root, root)
        self._root, self._muting = root, muting
        groups, self._groups = self._groups, {}
        for group in groups.values():
            route = kept.get(group.route.id)
            if route is None:
                group.gone = True
            else:
                group.route = route
                self._groups[_key(group)] = group
        now, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        continuing = {route.id for route in kept.values()}
        for held in alerts:
            self._regroup(held, continuing, now, now_s)
        for group in list(self._groups.values()):
            self._end_if_empty(group)
        self._metrics.groups.set(len(self._groups))

    def flush_due(self) -> None:
        """Begin to tell of every group that is due."""
        while self._begin_next():
            pass

    async def settle(self, patience_s: float | None = None) -> None:
        """Wait until nothing is being told; what takes longer than `patience_s` is broken off."""
        if patience_s is not None and self._telling:
            _, slow = await asyncio.wait(set(self._telling.values()), timeout=patience_s)
            for task in slow:
                task.cancel()
        while self._telling:
            await asyncio.wait(set(self._telling.values()))

    async def run(self) -> None:
        """Tell what is due when it is due, until cancelled."""
        while True:
            self._wake.clear()
            while self._begin_next():  # noqa: ASYNC110  # this is no polling: each round begins something
                # One after the other: thousands of alerts at once must not keep those waiting who send us more.
                await asyncio.sleep(0)
            wait_s = max(0.0, self._due[0][0] - self._clock.monotonic_s()) if self._due else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    def _begin_next(self) -> bool:
        """Begin with the first group that is due, and say whether there was one."""
        now_s = self._clock.monotonic_s()
        if not self._due or self._due[0][0] > now_s:
            return False
        due_s, _, group = heapq.heappop(self._due)
        if not group.gone and group.due_s == due_s:
            self._begin(group, now_s)
        return True

    def _regroup(self, held: HeldAlert, continuing: Collection[str], now: int, now_s: float) -> None:
        before, routes = held.groups, self._root.match(held.matched_labels)
        if held.alert.is_resolved(now):
            routes = [one for one in routes if one.id not in continuing or self._waits(held, one)]
        held.groups = tuple(self._group(held, route) for route in routes)
        for group in before:
            if group not in held.groups:
                group.members.pop(held.identity, None)
        for group in held.groups:
            if group not in before:
                self._admit(held, group, now, now_s)

    def _waits(self, held: HeldAlert, route: Route) -> bool:
        group = self.group(held.alert.tenant, route, route.options.group_labels(held.alert.labels))
        return group is not None and held.identity in group.members

    def _admit(self, held: HeldAlert, group: Group, now: int, now_s: float) -> None:
        first = not group.members
        group.members[held.identity] = held
        if first and held.alert.starts_at + group.route.options.group_wait_ms < now:
            self._schedule(group, now_s)

    def _group(self, held: HeldAlert, route: Route) -> Group:
        labels, tenant = route.options.group_labels(held.alert.labels), held.alert.tenant
        key = (tenant, route.id, labels)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(route, labels, tenant)
            self._schedule(group, self._clock.monotonic_s() + route.options.group_wait_ms / 1000)
            self._metrics.groups.set(len(self._groups))
        return group

    def _schedule(self, group: Group, due_s: float) -> None:
        group.due_s = due_s
        entry = (due_s, next(self._order), group)
        heapq.heappush(self._due, entry)
        if self._due[0] is entry:
            self._wake.set()

    def _begin(self, group: Group, now_s: float) -> None:
        key = _told(group)
        if key in self._telling:
            if not group.overdue:
                group.overdue = True
                self._telling[key].add_done_callback(lambda _: self._resume(group))
            return
        self._schedule(group, now_s + group.route.options.group_interval_ms / 1000)
        if not group.members:
            return
        task = self._telling[key] = asyncio.create_task(self._flush(group))
        task.add_done_callback(lambda _: self._telling.pop(key))

    def _resume(self, group: Group) -> None:
        group.overdue = False
        if not group.gone:
            self._begin(group, self._clock.monotonic_s())

    async def _flush(self, group: Group) -> None:
        if group.gone:
            return
        at, members = self._clock.now_ms(), group.in_order()
        try:
            told = await self._tell(group, members, at)
        except Exception:
            log.exception("the group %s could not be told in an unforeseen way", group.key)
            self._metrics.failures.inc()
            told = False
        if told:
            group.forget(members, at)
            self._end_if_empty(group)
            self._metrics.groups.set(len(self._groups))

    async def _tell(self, group: Group, members: list[Member], at: int) -> bool:
        passing = self._muting.passing(group, members, at)
        self._metrics.flushes.inc()
        if not passing:
            return True
        options, key = group.route.options, group.key
        return await self._notifier.notify(
            Flush(
                options.receiver,
                key,
                group.labels,
                tuple(member.alert for member in passing),
                options.repeat_interval_ms,
                at,
                at + max(options.group_interval_ms, SHORTEST_TELLING_MS),
                group.tenant,
                await self._is_acknowledged(group.tenant, key, passing, at),
            )
        )

    def acknowledged(self, group: Group) -> bool:
        """Say whether somebody has acknowledged a group, as far as that is known without looking at its alerts."""
        return self._acknowledged.knows(group.tenant, group.key)

    async def _is_acknowledged(self, tenant: str, key: str, told: list[Member], at: int) -> bool:
        if not self._acknowledged.knows(tenant, key):
            return False
        alerts = {member.held.fingerprint: not member.alert.is_resolved(at) for member in told}
        return await self._acknowledged.look(tenant, key, alerts)

    def _end_if_empty(self, group: Group) -> None:
        """A group ends with its last alert: what comes later waits in a new one."""
        if not group.members and self._groups.get(_key(group)) is group:
            group.gone = True
            del self._groups[_key(group)]


def _key(group: Group) -> _Key:
    return group.tenant, group.route.id, group.labels


def _told(group: Group) -> _Told:
    """Who is told of what: of flushes alike in this, whatever tree they are of, one is under way at a time."""
    return group.tenant, group.route.options.receiver, group.route.key, group.labels
