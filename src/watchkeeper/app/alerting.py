"""Routing and notification, and how alerts of our own rules come to them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from watchkeeper.alerts import Alerts, Inbound, inbounds
from watchkeeper.api.alertmanager import routes as alertmanager_routes
from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.watchkeeper import below, signals
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.configuration.alertmanager import alertmanager_yaml
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.model import relabel
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.notify import Notify
from watchkeeper.oncall.heartbeat import DeadMansSwitches, Heartbeats, Vital
from watchkeeper.store.control import ControlDatabase


class Alerting:
    """The rooms `alerts` and `notify`; a sink for what the rules find."""

    def __init__(
        self,
        core: Core,
        control: ControlDatabase,
        journal: Journal,
        environ: Mapping[str, str],
        running: Running,
        registry: CollectorRegistry,
        vitals: Sequence[Vital] = (),
    ) -> None:
        """`vitals` say why trouble would not come as far as here."""
        self._core = core
        self._running = running
        self._configuration: Configuration | None = None
        self.notify = Notify(
            control,
            journal,
            core.clock,
            registry,
            external_url=core.options.external_url,
            environ=environ,
            user_agent=f"Watchkeeper/{core.build.version}",
        )
        self.alerts = Alerts(control, journal, self.notify, core.clock, registry, lambda: str(uuid.uuid4()))
        self.heartbeats = Heartbeats(control, journal, self.alerts, core.clock, registry)
        agent = f"Watchkeeper/{core.build.version}"
        self._vitals = [*vitals, self.alerts.vital]
        self._switches = DeadMansSwitches(self._vitals, core.clock, registry, environ, agent)
        self._inbounds: Mapping[str, Inbound] = {}

    async def open(self, configuration: Configuration) -> None:
        """Take up what was kept, and begin to route. Raises StoreFailure, and ConfigurationFailure for templates."""
        await self.notify.open()
        await self.alerts.open()
        await self.heartbeats.open()
        take_up = await self.prepare(configuration)
        await take_up()
        self.heartbeats.start()

    async def close(self) -> None:
        """Finish what is being told."""
        await self._switches.stop()
        await self.heartbeats.stop()
        await self.alerts.close()
        await self.notify.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Read the templates. Raises ConfigurationFailure with all that is wrong with them."""
        prepared = self.notify.prepare(configuration.notify)

        async def take_up() -> None:
            self._configuration = configuration
            await self.notify.apply(prepared)
            await self.alerts.apply(configuration.routing)
            self.heartbeats.apply(configuration.sections.heartbeats)
            self._inbounds = inbounds(configuration.sections.inbound)
            await self._switches.apply(configuration.sections.dead_mans_switches)

        return take_up

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of our own rules, external labels added, relabelled as for other Alertmanagers."""
        if self._configuration is not None:
            await self.alerts.send(labelled(alerts, self._configuration))

    def routes(self) -> list[BaseRoute]:
        """Alertmanager's API, and what other tools tell us."""
        alertmanager = alertmanager_routes.routes(self._core, self.alerts, self, self._running)
        told = signals.routes(self.heartbeats, self.alerts, lambda: self._inbounds, self._core.clock)
        return [alertmanager, *below(told)]

    def alertmanager_yaml(self) -> str:
        """The part of the configuration that Alertmanager knows, secrets hidden."""
        return "" if self._configuration is None else alertmanager_yaml(self._configuration)

    def receiver_names(self) -> list[str]:
        """Every receiver, in the order of the file."""
        receivers = () if self._configuration is None else self._configuration.notify.receivers
        return [receiver.name for receiver in receivers]

    def feel(self) -> list[Feeling]:
        """How much there is to tell."""
        if self.alerts.routing is None:
            return []
        return [Feeling("alerts", f"{self.alerts.count} held, {self.alerts.group_count} groups")]


def labelled(alerts: Sequence[Alert], configuration: Configuration) -> list[Alert]:
    """Alerts of our own rules as they leave: external labels added, relabelled, some of them dropped by that."""
    sections = configuration.sections
    external, rules = sections.global_.external_labels, sections.alerting.alert_relabel_configs
    changed = ((alert, relabel.apply(rules, Labels({**external, **alert.labels}))) for alert in alerts)
    return [replace(alert, labels=labels) for alert, labels in changed if labels is not None]
