"""Routing and notification, and how alerts of our own rules come to them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from watchkeeper.access import Signer
from watchkeeper.alerts import Acknowledged, AlertLimits, Alerts
from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.configuration.alertmanager import alertmanager_yaml
from watchkeeper.app.room import TakeUp
from watchkeeper.journal import Journal
from watchkeeper.model import relabel
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.severity import Severities
from watchkeeper.notify import Links, Notify
from watchkeeper.store.control import ControlDatabase


class Alerting:
    """The rooms `alerts` and `notify`; a sink for what the rules find."""

    def __init__(
        self,
        core: Core,
        control: ControlDatabase,
        journal: Journal,
        signer: Signer,
        environ: Mapping[str, str],
        acknowledged: Acknowledged,
        links: Links,
        limits: AlertLimits,
    ) -> None:
        self._configuration: Configuration | None = None
        self._alarms: set[asyncio.Task[None]] = set()
        self.notify = Notify(
            control,
            journal,
            core.clock,
            core.registry,
            signer,
            external_url=core.options.external_url,
            alarm=self._alarm,
            environ=environ,
            user_agent=f"Watchkeeper/{core.build.version}",
            links=links,
            retention_ms=limits.retention_ms,
        )
        self.alerts = Alerts(control, journal, self.notify, core.clock, core.registry, _new_id, acknowledged, limits)

    async def open(self) -> None:
        """Take up what was kept. Raises StoreFailure."""
        await self.notify.open()
        await self.alerts.open()

    async def close(self) -> None:
        """Finish what is being told."""
        await self.alerts.close()
        await self.notify.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Read the templates. Raises ConfigurationFailure with all that is wrong with them."""
        prepared = self.notify.prepare(configuration.notify)

        async def take_up() -> None:
            self._configuration = configuration
            await self.notify.apply(prepared)
            await self.alerts.silence_by(configuration.silencing)
            await self.alerts.apply(configuration.routing)

        return take_up

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of our own rules, external labels added, relabelled as for other Alertmanagers."""
        if self._configuration is not None:
            await self.alerts.send(labelled(alerts, self._configuration))

    def severities(self) -> Severities:
        """What the values of the severity label mean."""
        return Severities() if self._configuration is None else self._configuration.severities

    def _alarm(self, alert: Alert) -> None:
        """Route an alert about a receiver that cannot be told."""
        task = asyncio.create_task(self.send([alert]))
        self._alarms.add(task)
        task.add_done_callback(self._alarms.discard)

    def alertmanager_yaml(self) -> str:
        """The part of the configuration that Alertmanager knows, secrets hidden."""
        return "" if self._configuration is None else alertmanager_yaml(self._configuration)

    def receivers(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of every receiver by its name, which is one of them, in the order of the file."""
        receivers = () if self._configuration is None else self._configuration.notify.receivers
        return {receiver.name: {**receiver.labels, "name": receiver.name} for receiver in receivers}

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


def _new_id() -> str:
    return str(uuid.uuid4())
