"""The rooms that tell people, as one: open in the process that is on duty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from starlette.routing import BaseRoute

from watchkeeper.access import Signer
from watchkeeper.alerts import AlertLimits
from watchkeeper.api import oncall as oncall_pages
from watchkeeper.api.alertmanager import routes as alertmanager_routes
from watchkeeper.api.home import Feeling
from watchkeeper.api.oncall import Desk
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.watchkeeper import acknowledgements, below, history, receivers, recurring_silences, severities
from watchkeeper.app.acknowledging import Acknowledging
from watchkeeper.app.alerting import Alerting
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.incidents import IncidentRooms
from watchkeeper.app.on_call import OnCalling
from watchkeeper.app.reviewing import Reviewing
from watchkeeper.app.room import Room, TakeUp
from watchkeeper.app.signals import Signals
from watchkeeper.journal import Journal
from watchkeeper.model.alert import Alert
from watchkeeper.oncall.calendars import Calendars
from watchkeeper.oncall.heartbeat import Vital
from watchkeeper.store.control import ControlDatabase


@dataclass(frozen=True, slots=True)
class Means:
    """What the rooms are made with; `vitals` say why trouble would not come as far as them.

    What was told is remembered as long as silences are."""

    control: ControlDatabase
    journal: Journal
    signer: Signer
    environ: Mapping[str, str]
    running: Running
    vitals: Sequence[Vital]
    limits: AlertLimits


class Telling:
    """Opened once, and closed for good. Their metrics are in the registry of `core`."""

    def __init__(self, core: Core, means: Means) -> None:
        self._core = core
        self._means = means
        control, journal = means.control, means.journal
        self._acknowledging = Acknowledging(core, control, journal, means.signer)
        acknowledged, links = self._acknowledging.acknowledgements, self._acknowledging.links
        self._alerting = Alerting(
            core, control, journal, means.signer, means.environ, acknowledged, links, means.limits
        )
        self._on_calling = OnCalling(core, control, journal, means.signer, self._alerting.notify, acknowledged)
        self._acknowledging.acknowledgements.on_change(
            lambda change: self._acknowledging.tell_of(change, self._alerting.notify)
        )
        agent = f"Watchkeeper/{core.build.version}"
        self._calendars = Calendars(control, journal, core.clock, core.registry, means.environ, agent)
        self._signals = Signals(core, control, journal, self._alerting.alerts, means.environ, means.vitals)
        notify = self._alerting.notify
        self._incidents = IncidentRooms(core, control, journal, self._alerting.alerts, notify, acknowledged)
        self._reviewing = Reviewing(core, control, journal, notify)
        self._rooms: Sequence[Room] = (
            self._acknowledging,
            self._on_calling,
            self._alerting,
            self._incidents,
            self._signals,
            self._reviewing,
        )
        self._desk: Desk | None = None
        self._open = AsyncExitStack()

    async def open(self, configuration: Configuration) -> None:
        """Go on from what the control database holds. Raises Failure; `close` then closes what was opened."""
        await self._acknowledging.open()
        await self._on_calling.open()
        self._open.push_async_callback(self._alerting.close)
        await self._alerting.open()
        self._open.push_async_callback(self._on_calling.close)
        self._open.push_async_callback(self._acknowledging.close)
        self._open.push_async_callback(self._incidents.close)
        await self._incidents.open()
        self._open.push_async_callback(self._signals.close)
        await self._signals.open()
        self._open.push_async_callback(self._reviewing.close)
        await self._reviewing.open()
        self._open.push_async_callback(self._calendars.close)
        await self._calendars.open()
        take_up = await self.prepare(configuration)
        await take_up()
        notify = self._alerting.notify
        self._desk = self._acknowledging.follow(self._alerting.alerts, notify, self._means.environ)
        self._on_calling.start(self._alerting.alerts)
        self._signals.start()
        self._reviewing.start()
        self._calendars.start()

    async def close(self) -> None:
        """Finish what is being told; the last opened is closed first."""
        await self._open.aclose()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """As `Room.prepare`; may be asked of rooms that have not been opened."""
        prepared = [await room.prepare(configuration) for room in self._rooms]

        async def take_up() -> None:
            # Before the rooms that live by them, for which those of URLs are to be what was known last.
            await self._calendars.apply(configuration.calendars)
            for one in prepared:
                await one()

        return take_up

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of our own rules."""
        await self._alerting.send(alerts)

    def routes(self) -> list[BaseRoute]:
        """What they answer, once they are open."""
        desk = self._desk
        assert desk is not None, "not open"
        alertmanager = alertmanager_routes.routes(
            self._core, self._alerting.alerts, self._alerting, self._means.running
        )
        own = below(
            [
                *history.routes(self._core, self._alerting.alerts, self._alerting.notify, self._means.journal),
                *receivers.routes(self._alerting.notify),
                *recurring_silences.routes(self._alerting.alerts, self._core.clock),
                *severities.routes(self._alerting.severities),
                *acknowledgements.routes(desk),
                *oncall_pages.callback_routes(desk),
                *self._incidents.routes(),
                *self._on_calling.routes(self._acknowledging),
                *self._signals.routes(),
            ]
        )
        return [alertmanager, *own, *oncall_pages.routes(desk), *self._incidents.pages(desk, self._alerting.severities)]

    def feel(self) -> list[Feeling]:
        """How they fare."""
        rooms = (self._alerting, self._on_calling, self._acknowledging, self._incidents, self._signals)
        return [*(feeling for room in rooms for feeling in room.feel()), *self._calendars_feel()]

    def _calendars_feel(self) -> list[Feeling]:
        feeds = self._calendars.feeds()
        failed = [feed.name for feed in feeds if feed.failure]
        text = f"{len(feeds)} in use" + (f", older copies of: {', '.join(failed)}" if failed else "")
        return [Feeling("calendars", text, not failed)] if feeds else []
