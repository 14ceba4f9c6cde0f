"""External Alertmanagers, told by their API v2."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient
from watchkeeper.discovery import Discovery
from watchkeeper.model import relabel
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.relabel import RelabelRule
from watchkeeper.rules.alertmanager_metrics import AlertmanagerMetrics
from watchkeeper.rules.alertmanager_set import AlertmanagerSet
from watchkeeper.rules.config import AlertingConfig, AlertmanagerConfig

log = logging.getLogger(__name__)

Discover = Callable[[AlertmanagerConfig], Discovery]


class Alertmanagers:
    """A sink: hands alerts to every Alertmanager of the configuration. `apply` first, `stop` at the end."""

    def __init__(
        self,
        clock: Clock,
        metrics: AlertmanagerMetrics,
        discover: Discover,
        *,
        environ: Mapping[str, str] | None = None,
        user_agent: str = "Watchkeeper",
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._discover = discover
        self._environ = environ or {}
        self._user_agent = user_agent
        self._external = Labels()
        self._rules: Sequence[RelabelRule] = ()
        self._sets: list[AlertmanagerSet] = []

    async def apply(self, config: AlertingConfig, external_labels: Labels) -> None:
        """Tell these Alertmanagers and no others; what waits for one that stays is not lost."""
        self._external, self._rules = external_labels, config.alert_relabel_configs
        before, self._sets = self._sets, []
        for one in config.alertmanagers:
            same = next((some for some in before if some.config == one), None)
            if same is not None:
                before.remove(same)
            self._sets.append(same or self._started(one))
        await asyncio.gather(*(gone.stop() for gone in before))

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take the alerts into the queues, external labels added, relabelled; returns at once."""
        ready = [sent for alert in alerts if (sent := self._ready(alert)) is not None]
        if ready:
            for one in self._sets:
                one.put(ready)

    async def stop(self) -> None:
        """Send what waits, for a while, and end."""
        sets, self._sets = self._sets, []
        await asyncio.gather(*(one.stop() for one in sets))

    def urls(self) -> tuple[list[str], list[str]]:
        """Where alerts are sent; and what was found, but dropped by relabelling. Sorted."""
        active = {url for one in self._sets for url in one.active}
        return sorted(active), sorted({url for one in self._sets for url in one.dropped})

    def _ready(self, alert: Alert) -> Alert | None:
        labels = relabel.apply(self._rules, Labels({**self._external, **alert.labels}))
        return None if labels is None else replace(alert, labels=labels)

    def _started(self, config: AlertmanagerConfig) -> AlertmanagerSet:
        client = HTTPClient(
            config,
            self._clock,
            environ=self._environ,
            user_agent=self._user_agent,
            timeout_s=config.timeout_ms / 1000,
        )
        made = AlertmanagerSet(config, client, self._clock, self._metrics)
        made.start(self._discover(config))
        return made
