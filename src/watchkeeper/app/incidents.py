"""Incidents and runbooks, and what acknowledging alerts means for them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import BaseRoute, Route

from watchkeeper.alerts import Alerts
from watchkeeper.api import incident_pages
from watchkeeper.api.home import Feeling
from watchkeeper.api.oncall import Desk
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import deployments, incidents, runbooks
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.model.severity import Severities
from watchkeeper.notify import Notify
from watchkeeper.oncall import Acknowledgements, Change
from watchkeeper.oncall.incident import Incidents
from watchkeeper.store.control import ControlDatabase


class IncidentRooms:
    """`open` once alerts are held."""

    def __init__(
        self,
        core: Core,
        control: ControlDatabase,
        journal: Journal,
        alerts: Alerts,
        notify: Notify,
        acknowledgements: Acknowledgements,
    ) -> None:
        self._core = core
        self._acknowledgements = acknowledgements
        self.room = Incidents(control, journal, alerts, core.clock, core.registry, core.options.external_url, notify)

    async def open(self) -> None:
        """Take up what was kept, and begin to follow alerts. Raises StoreFailure."""
        await self.room.open()
        self._acknowledgements.on_change(self._acknowledged)

    async def close(self) -> None:
        """Follow alerts no longer."""
        await self.room.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """All that can be wrong was found when the configuration was read."""

        async def take_up() -> None:
            rules = [section.rule() for section in configuration.sections.incidents]
            receivers = [receiver.name for receiver in configuration.notify.receivers]
            self.room.apply(rules, configuration.runbooks, receivers)

        return take_up

    def routes(self) -> list[Route]:
        """The routes below `/api/watchkeeper/v1`."""
        core, room = self._core, self.room
        return [*incidents.routes(core, room), *runbooks.routes(room), *deployments.routes(core, room)]

    def pages(self, desk: Desk, severities: Callable[[], Severities]) -> list[BaseRoute]:
        """The pages."""
        return incident_pages.routes(self._core, self.room, desk, severities)

    def feel(self) -> list[Feeling]:
        """How many are open."""
        count = self.room.open_count
        return [Feeling("incidents", f"{count} open")] if count else []

    def _acknowledged(self, change: Change) -> None:
        one = change.acknowledgement
        if change.ending is None:
            self.room.following.acknowledged(one.tenant, one.alerts, one.actor)
