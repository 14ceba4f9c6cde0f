"""Signs of life in and out, and alerts by other tools' webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from watchkeeper.alerts import Alerts, Inbound, inbounds
from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.api.watchkeeper import signals
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.oncall.heartbeat import DeadMansSwitches, Heartbeats, Vital
from watchkeeper.store.control import ControlDatabase


class Signals:
    """Raises alerts for those who stay silent, and tells the outside that we live while all `vitals` are well."""

    def __init__(
        self,
        core: Core,
        control: ControlDatabase,
        journal: Journal,
        alerts: Alerts,
        environ: Mapping[str, str],
        vitals: Sequence[Vital],
    ) -> None:
        self._clock = core.clock
        self._alerts = alerts
        self._heartbeats = Heartbeats(control, journal, alerts, core.clock, core.registry)
        agent = f"Watchkeeper/{core.build.version}"
        self._switches = DeadMansSwitches([*vitals, alerts.vital], core.clock, core.registry, environ, agent)
        self._inbounds: Mapping[str, Inbound] = {}

    async def open(self) -> None:
        """Take up what is known of heartbeats. Raises StoreFailure."""
        await self._heartbeats.open()

    def start(self) -> None:
        """Look after heartbeats from now on."""
        self._heartbeats.start()

    async def close(self) -> None:
        """Tell the outside no more."""
        await self._switches.stop()
        await self._heartbeats.stop()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """All that can be wrong was found when the configuration was read."""

        async def take_up() -> None:
            self._heartbeats.apply(configuration.sections.heartbeats)
            self._inbounds = inbounds(configuration.sections.inbound)
            await self._switches.apply(configuration.sections.dead_mans_switches)

        return take_up

    def routes(self) -> list[Route]:
        """The routes below `/api/watchkeeper/v1`."""
        return signals.routes(self._heartbeats, self._alerts, lambda: self._inbounds, self._clock)

    def feel(self) -> list[Feeling]:
        """Who is late."""
        states = self._heartbeats.states()
        late = [state.config.name for state in states if state.late_since is not None]
        text = f"{len(states)} expected" + (f", late: {', '.join(late)}" if late else "")
        return [Feeling("heartbeats", text, not late)] if states else []
