"""Alerts open incidents, join them, and end them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from watchkeeper.alerts import Alerts, AlertState, HeldAlert
from watchkeeper.base.clock import Clock
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.notify.templating import Templates
from watchkeeper.oncall.incident.book import Book
from watchkeeper.oncall.incident.changing import Changed, ended, joined, opened, with_status
from watchkeeper.oncall.incident.incident import GroupName, Incident, LinkedAlert, Status
from watchkeeper.oncall.incident.rule import Opening, Rule, linked
from watchkeeper.oncall.runbook import Runbooks
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

ROUND_S = 1.0
"""How soon an alert's end is seen."""
GATHER_S = 0.1
"""How long alerts gather that arrive together: they open one incident, and inhibit each other first."""
MISSING_MS = 300_000
"""How long after a start an alert may be missing that fired before: whoever sends it has not sent it again yet."""
_BREATH = 500
"""After so many alerts others have a turn."""
_Alert: TypeAlias = tuple[str, str]
"""A tenant and a fingerprint."""
_Acknowledged: TypeAlias = tuple[str, frozenset[str], str]
"""A tenant, the fingerprints of alerts, and who has acknowledged them."""
_Group: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class _Known:
    """The live incidents by their alerts, and by the groups they gather."""

    by_alert: dict[_Alert, list[tuple[Incident, LinkedAlert]]] = field(
        default_factory=dict[_Alert, list[tuple[Incident, LinkedAlert]]]
    )
    by_group: dict[_Group, list[Incident]] = field(default_factory=dict[_Group, list[Incident]])


@dataclass(slots=True)
class _Plan:
    """Which alerts join which incident, by its key, and which open a new one."""

    joins: dict[tuple[str, int], tuple[Incident, list[Alert]]] = field(
        default_factory=dict[tuple[str, int], tuple[Incident, list[Alert]]]
    )
    opens: dict[_Group, tuple[Rule, list[Alert]]] = field(default_factory=dict[_Group, tuple[Rule, list[Alert]]])


class Following:
    """Follows the alerts that are held. `start`, `close` at the end; `round` is one look."""

    def __init__(self, book: Book, alerts: Alerts, clock: Clock, external_url: str) -> None:
        self._book = book
        self._alerts = alerts
        self._clock = clock
        self._rules: Sequence[Rule] = ()
        self._opening = Opening(Templates((), clock.now_ms), Runbooks(), external_url)
        self._since = clock.now_ms()
        self._pending: dict[tuple[str, Labels], None] = {}
        self._acknowledged: list[_Acknowledged] = []
        self._firing: dict[_Alert, HeldAlert] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def apply(self, rules: Sequence[Rule], runbooks: Runbooks) -> None:
        """Go by these rules from now on, for alerts that fire already, too."""
        self._rules, self._opening = rules, replace(self._opening, runbooks=runbooks)
        for held in self._alerts.every():
            self.take(held)

    def start(self) -> None:
        """Begin to follow."""
        self._alerts.watchers.append(self.take)
        self._task = asyncio.create_task(self._run(), name="incidents")

    async def close(self) -> None:
        """Follow no longer."""
        task, self._task = self._task, None
        if task is not None:
            self._alerts.watchers.remove(self.take)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def take(self, held: HeldAlert) -> None:
        """Look at an alert in the next round."""
        if self._rules or len(self._book):
            self._pending[held.identity] = None
            self._wake.set()

    def acknowledged(self, tenant: str, alerts: Collection[str], by: str) -> None:
        """Somebody has acknowledged alerts, by their fingerprints: soon they have their incidents, too."""
        if len(self._book):
            self._acknowledged.append((tenant, frozenset(alerts), by))
            self._wake.set()

    async def round(self) -> None:
        """Look at alerts that have arrived, and for the end of those that belong to incidents. Raises StoreFailure."""
        pending, self._pending = self._pending, {}
        acknowledged, self._acknowledged = self._acknowledged, []
        try:
            async with self._book.changing():
                await self._begin(pending)
                for tenant, alerts, by in acknowledged:
                    await self._take_up(tenant, alerts, by)
                await self._end()
                self._book.forget_old()
        except BaseException:
            self._pending = {**pending, **self._pending}
            self._acknowledged = [*acknowledged, *self._acknowledged]
            raise

    async def _run(self) -> None:
        while True:
            busy = self._pending or self._acknowledged or any(one.fires for one in self._book.live())
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S if busy else None):
                    await self._wake.wait()
                    await asyncio.sleep(GATHER_S)
            self._wake.clear()
            try:
                await self.round()
            except StoreFailure as failure:
                log.warning("incidents are looked at again in a moment: %s", failure)
            except Exception:
                log.exception("incidents could not be looked at in an unforeseen way")
                await asyncio.sleep(ROUND_S)

    async def _begin(self, pending: Iterable[tuple[str, Labels]]) -> None:
        known, plan, now = _known(self._book.live()), _Plan(), self._clock.now_ms()
        for i, (tenant, labels) in enumerate(pending, 1):
            held = self._alerts.find(tenant, labels)
            if held is not None and not held.alert.is_resolved(now):
                self._look(held, known, plan, now)
            if i % _BREATH == 0:
                await asyncio.sleep(0)
        changes = [joined(incident, list(map(linked, alerts)), now) for incident, alerts in plan.joins.values()]
        numbers: dict[str, int] = {}
        for rule, alerts in plan.opens.values():
            tenant = alerts[0].tenant
            numbers[tenant] = numbers[tenant] + 1 if tenant in numbers else await self._book.next_number(tenant)
            incident = rule.opened(numbers[tenant], alerts, self._opening, now)
            why = f"by the rule {rule.name} for {'an alert' if len(alerts) == 1 else f'{len(alerts)} alerts'}"
            changes.append(opened(incident, now, why))
            await asyncio.sleep(0)
        await self._book.keep(*changes)

    def _look(self, held: HeldAlert, known: _Known, plan: _Plan, now: int) -> None:
        rule = self._rule(held.alert)
        if rule is None and not known.by_alert:
            return
        name = held.alert.tenant, held.fingerprint
        within = known.by_alert.get(name, [])
        if any(alert.fires for _, alert in within):
            self._firing[name] = held
            return
        target = next((one for one, _ in within if one.is_open), None)
        if target is None and rule is None:
            return
        if self._alerts.status(held).state is AlertState.SUPPRESSED:
            # A silence or an inhibition holds it back: it is looked at again until that ends.
            self._pending[held.identity] = None
            return
        if target is None and rule is not None:
            group = _group(held.alert.tenant, rule.group(held.alert.labels))
            target = _of_group(known.by_group.get(group, []), rule, now)
            if target is None:
                plan.opens.setdefault(group, (rule, []))[1].append(held.alert)
        if target is not None:
            plan.joins.setdefault((target.tenant, target.number), (target, []))[1].append(held.alert)

    def _rule(self, alert: Alert) -> Rule | None:
        labels = HeldAlert(alert, 0).matched_labels
        return next((rule for rule in self._rules if rule.matches(labels)), None)

    async def _take_up(self, tenant: str, alerts: frozenset[str], by: str) -> None:
        """Acknowledge the incidents of these alerts that nobody has taken up yet."""
        now = self._clock.now_ms()
        triggered = (one for one in self._book.live() if one.tenant == tenant and one.status is Status.TRIGGERED)
        about = [one for one in triggered if any(alert.fires and alert.fingerprint in alerts for alert in one.alerts)]
        await self._book.keep(*(with_status(one, Status.ACKNOWLEDGED, by, now) for one in about))

    async def _end(self) -> None:
        now, before, self._firing = self._clock.now_ms(), self._firing, {}
        changes: list[Changed] = []
        for incident in self._book.live():
            ends = {
                alert.fingerprint: end
                for alert in incident.alerts
                if (end := self._ended(incident, alert, before, now))
            }
            if ends:
                changes.append(ended(incident, ends, now))
        await self._book.keep(*changes)

    def _ended(self, incident: Incident, alert: LinkedAlert, before: Mapping[_Alert, HeldAlert], now: int) -> int:
        """When an alert that fired has ended (ms); 0 while it has not."""
        if not alert.fires:
            return 0
        name = incident.tenant, alert.fingerprint
        held = before.get(name) or self._alerts.find(incident.tenant, Labels(alert.labels))
        if held is None:
            return now if now - self._since >= MISSING_MS else 0
        self._firing[name] = held
        return held.alert.ends_at if held.alert.is_resolved(now) else 0


def _known(incidents: Iterable[Incident]) -> _Known:
    known = _Known()
    for one in incidents:
        for alert in one.alerts:
            known.by_alert.setdefault((one.tenant, alert.fingerprint), []).append((one, alert))
        for group in one.groups:
            known.by_group.setdefault(_group(one.tenant, group), []).append(one)
    return known


def _group(tenant: str, group: GroupName) -> _Group:
    return tenant, group.rule, tuple(sorted(group.labels.items()))


def _of_group(incidents: Sequence[Incident], rule: Rule, now: int) -> Incident | None:
    """The one that gathers the group: the open one, or the last one that was resolved not long ago."""
    recent = [one for one in incidents if one.is_open or now - (one.resolved_at or 0) <= rule.reopen_within_ms]
    return max(recent, key=lambda one: (one.is_open, one.number), default=None)
