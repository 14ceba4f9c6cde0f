"""The room `oncall`: climbs policies for those whom notification hands over to it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from starlette.routing import Route

from watchkeeper.access import open_signer
from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import escalations, schedules
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.notify import Notify
from watchkeeper.oncall import OnCall
from watchkeeper.store.control import ControlDatabase


class OnCalling:
    """`open` before alerts are routed, `start` once receivers can be told."""

    def __init__(
        self, core: Core, control: ControlDatabase, journal: Journal, notify: Notify, registry: CollectorRegistry
    ) -> None:
        self._core = core
        self._control = control
        self.room = OnCall(control, journal, notify, core.clock, registry)
        notify.page_by(self.room.escalations)

    async def open(self, configuration: Configuration) -> None:
        """Take up what was kept. Raises StoreFailure."""
        self._signer = await open_signer(self._control, self._core.clock)
        await self.room.open()
        self.room.apply(configuration.roster)

    def start(self) -> None:
        """Go on with the escalations."""
        self.room.start()

    async def close(self) -> None:
        """Go on no longer."""
        await self.room.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """All that can be wrong was found when the configuration was read."""

        async def take_up() -> None:
            self.room.apply(configuration.roster)

        return take_up

    def routes(self) -> list[Route]:
        """The routes below `/api/watchkeeper/v1`; once it is open."""
        return [*schedules.routes(self._core, self.room, self._signer), *escalations.routes(self.room)]

    def feel(self) -> list[Feeling]:
        """How much is escalating."""
        under_way = self.room.escalations.live()
        return [Feeling("on-call", f"{len(under_way)} under way")] if self.room.roster.policies else []
