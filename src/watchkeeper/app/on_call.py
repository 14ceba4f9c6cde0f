"""The room `oncall`: climbs policies for those whom notification hands over to it."""

from __future__ import annotations

import asyncio

from starlette.routing import Route

from watchkeeper.access import Signer
from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import escalations, schedules
from watchkeeper.api.watchkeeper.escalations import Hands
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.notify import Notify
from watchkeeper.oncall import Acknowledgements, Change, Ending, OnCall
from watchkeeper.store.control import ControlDatabase


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

    def start(self) -> None:
        """Go on with the escalations."""
        self.room.start()

    async def close(self) -> None:
        """Go on no longer."""
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
