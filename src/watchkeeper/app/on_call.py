"""The room `oncall`: climbs policies for those whom notification hands over to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.routing import Route

from watchkeeper.access import Signer
from watchkeeper.alerts import Alerts
from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import escalations, schedules
from watchkeeper.api.watchkeeper.escalations import Hands
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.model.alert import Alert
from watchkeeper.notify import Notify
from watchkeeper.oncall import Acknowledgements, Change, Ending, OnCall
from watchkeeper.store.control import ControlDatabase

log = logging.getLogger(__name__)

_LOOK_S = 5.0
"""How often escalations are looked through for those whose group is gone."""


@dataclass(frozen=True, slots=True)
class HeldGroups:
    """The groups that the room `alerts` holds at the instant `at`: their tenants and keys."""

    alerts: Alerts
    at: int
    names: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, alerts: Alerts, tenants: Iterable[str], at: int) -> HeldGroups:
        """Those of some tenants."""
        return cls(alerts, at, frozenset((group.tenant, group.key) for one in tenants for group in alerts.groups(one)))

    def has(self, tenant: str, group_key: str) -> bool:
        """Say whether there is one of that key."""
        return (tenant, group_key) in self.names

    def fires(self, alert: Alert) -> bool:
        """Say whether an alert still fires."""
        held = self.alerts.find(alert.tenant, alert.labels)
        return held is not None and not held.alert.is_resolved(self.at)


class OnCalling:
    """`open` before alerts are routed, `start` once receivers can be told."""

    def __init__(
        self,
        core: Core,
        control: ControlDatabase,
        journal: Journal,
        signer: Signer,
        notify: Notify,
        acknowledgements: Acknowledgements,
    ) -> None:
        self._core = core
        self._signer = signer
        self._following: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.room = OnCall(control, journal, notify, core.clock, core.registry)
        notify.page_by(self.room.escalations)
        self.room.escalations.heed(acknowledgements.who_has)
        acknowledgements.on_change(self.follow)

    async def open(self) -> None:
        """Take up what was kept. Raises StoreFailure."""
        await self.room.open()

    def follow(self, change: Change) -> None:
        """Stop, or go on, as acknowledgements come and end; a new alert and the end are told to policies anyway."""
        one, escalations = change.acknowledgement, self.room.escalations
        if change.ending in (Ending.RELEASED, Ending.TIMED_OUT):
            doing = escalations.released(one.tenant, one.group_key, change.actor)
        elif change.ending is not None:
            return
        elif one.closed:
            doing = escalations.resolved(one.tenant, one.group_key, one.actor)
        else:
            doing = escalations.acknowledged(one.tenant, one.group_key, one.actor)
        task = asyncio.create_task(doing)
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def start(self, alerts: Alerts) -> None:
        """Go on with the escalations, and see to it that none outlives its group."""
        self.room.start()
        self._looking = asyncio.create_task(self._look(alerts), name="escalations' groups")

    async def _look(self, alerts: Alerts) -> None:
        escalations, clock = self.room.escalations, self._core.clock
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                tenants = {one.tenant for one in escalations.live()}
                await escalations.end_orphans(HeldGroups.of(alerts, tenants, clock.now_ms()))
            except Exception:
                log.exception("escalations without a group could not be ended in an unforeseen way")

    async def close(self) -> None:
        """Go on no longer."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await asyncio.gather(*self._following, return_exceptions=True)
        await self.room.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """All that can be wrong was found when the configuration was read."""

        async def take_up() -> None:
            self.room.apply(configuration.roster)

        return take_up

    def routes(self, hands: Hands) -> list[Route]:
        """The routes below `/api/watchkeeper/v1`; once it is open."""
        return [*schedules.routes(self._core, self.room, self._signer), *escalations.routes(self.room, hands)]

    def feel(self) -> list[Feeling]:
        """How much is escalating."""
        under_way = self.room.escalations.live()
        return [Feeling("on-call", f"{len(under_way)} under way")] if self.room.roster.policies else []
