"""Scraping: the jobs of the configuration, their targets found, into the store."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.api.home import Feeling
from watchkeeper.api.rooms import Core
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.host import HostJob
from watchkeeper.app.room import TakeUp
from watchkeeper.app.settings import Settings
from watchkeeper.discovery import Discovery, DiscoveryMetrics, providers
from watchkeeper.receive.scrape import Health, ScrapeConfig, ScrapeOptions, ScrapePools
from watchkeeper.store import Store


def scrape_options(settings: Settings) -> ScrapeOptions:
    """What Prometheus' feature flags say about scraping."""
    return ScrapeOptions(
        extra_scrape_metrics="extra-scrape-metrics" in settings.features,
        type_and_unit_labels="type-and-unit-labels" in settings.features,
    )


class Scraping:
    """Runs the scrape jobs."""

    def __init__(
        self, core: Core, store: Store, environ: Mapping[str, str], options: ScrapeOptions, host: HostJob
    ) -> None:
        self._clock = core.clock
        self._host = host
        self._environ = environ
        self.discovery = DiscoveryMetrics(core.registry)
        self.pools = ScrapePools(
            store,
            core.clock,
            core.registry,
            options,
            user_agent=f"Watchkeeper/{core.build.version}",
            environ=environ,
        )

    async def start(self, configuration: Configuration) -> None:
        """Begin to scrape."""
        own, fetches = self._host.of(configuration)
        await self.pools.apply([*configuration.scrape_configs, *own], self._targets, fetches)

    async def close(self) -> None:
        """End all scraping; nothing goes stale by it."""
        await self.pools.stop()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Run the jobs of a new configuration; those that are as before go on."""

        async def take_up() -> None:
            await self.start(configuration)

        return take_up

    def feel(self) -> list[Feeling]:
        """How many targets answer."""
        active = self.pools.targets().active
        down = [target for target in active if target.health is Health.DOWN]
        up = sum(target.health is Health.UP for target in active)
        text = f"{up} of {len(active)} answer"
        if down:
            text += f"; {down[0].scrape_url} does not: {down[0].last_error}"
        return [Feeling("scrape targets", text, not down)]

    def _targets(self, config: ScrapeConfig) -> Discovery:
        found = providers(config, self._clock, self.discovery, self._environ)
        return Discovery(config.job_name, found, self.discovery)
