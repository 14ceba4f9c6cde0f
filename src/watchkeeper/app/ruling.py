"""The rules over the store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.querying import LaneSource, options_of
from watchkeeper.app.room import TakeUp
from watchkeeper.app.settings import Settings
from watchkeeper.discovery import Discovery, DiscoveryMetrics, providers
from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import Engine
from watchkeeper.rules import (
    AlertmanagerMetrics,
    Alertmanagers,
    FanOut,
    GroupDefaults,
    RuleGroup,
    RuleOptions,
    Rules,
    read_rule_files,
)
from watchkeeper.rules.config import AlertmanagerConfig
from watchkeeper.store import Lane, Store

_LATE_ROUNDS, _LATE_MS = 3, 60_000
"""How many rounds a group may miss, and how much time besides, before nobody should rely on it."""


class Ruling:
    """Evaluates the rule files: an engine in the rules' own lane, and the sinks that alerts go to."""

    def __init__(
        self,
        core: Core,
        store: Store,
        settings: Settings,
        configuration: Configuration,
        environ: Mapping[str, str],
        discovery: DiscoveryMetrics,
    ) -> None:
        self._engine = Engine(LaneSource(store, Lane.RULES), options_of(settings, configuration), core.clock)
        self._clock = core.clock
        self._opened_at = core.clock.now_ms()
        self._settings = settings
        self._environ = environ
        self._discovery = discovery
        self.alertmanagers = Alertmanagers(
            core.clock,
            AlertmanagerMetrics(core.registry),
            self._discover,
            environ=environ,
            user_agent=f"Watchkeeper/{core.build.version}",
        )
        self.sink = FanOut([self.alertmanagers])
        options = RuleOptions(
            core.options.external_url,
            settings.resend_delay_ms,
            settings.outage_tolerance_ms,
            settings.grace_period_ms,
        )
        self.rules = Rules(store, self._engine, self.sink, core.clock, core.registry, options)

    async def open(self, configuration: Configuration) -> None:
        """Begin with the rules. Raises ConfigurationFailure where a rule file is wrong."""
        take_up = await self.prepare(configuration)
        await take_up()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Read the rule files. Raises ConfigurationFailure with all that is wrong with them."""
        groups = await asyncio.to_thread(_read, configuration)

        async def take_up() -> None:
            self._engine.use(options_of(self._settings, configuration))
            external = Labels(configuration.sections.global_.external_labels)
            await self.alertmanagers.apply(configuration.sections.alerting, external)
            await self.rules.apply(groups, external)

        return take_up

    async def close(self) -> None:
        """End the rounds, and tell what still waits to be told."""
        await self.rules.stop()
        await self.alertmanagers.stop()
        self._engine.close()

    def vital(self) -> str:
        """Why the rules would not find trouble; empty where they would."""
        now = self._clock.now_ms()
        groups = self.rules.groups()
        for group in groups:
            last, patience_ms = group.last_evaluation, _LATE_ROUNDS * group.group.interval_ms + _LATE_MS
            if now - (self._opened_at if last is None else last) > patience_ms:
                return f"rule group {group.group.name} is not evaluated any more"
        failing = [rule for group in groups for rule in group.rules if rule.last_error]
        if failing and len(failing) == sum(len(group.rules) for group in groups):
            return f"no rule can be evaluated: {failing[0].last_error}"
        return ""

    def feel(self) -> list[Feeling]:
        """How the rules fare."""
        rules = [rule for group in self.rules.groups() for rule in group.rules]
        if not rules:
            return []
        failing = [rule for rule in rules if rule.last_error]
        text = f"{len(rules)}, {sum(len(rule.alerts) for rule in rules)} alerts"
        if failing:
            text += f"; {len(failing)} cannot be evaluated, {failing[0].rule.name}: {failing[0].last_error}"
        return [Feeling("rules", text, not failing)]

    def _discover(self, config: AlertmanagerConfig) -> Discovery:
        found = providers(config, self._clock, self._discovery, self._environ)
        return Discovery("alertmanagers", found, self._discovery)


def _read(configuration: Configuration) -> Sequence[RuleGroup]:
    global_ = configuration.sections.global_
    defaults = GroupDefaults(global_.evaluation_interval_ms, global_.rule_query_offset_ms)
    return read_rule_files(configuration.rule_files, defaults)
