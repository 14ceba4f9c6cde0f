"""How long samples are kept, from the flags and the configuration; and the hourly round that deletes what is older."""

from __future__ import annotations

import asyncio
import logging

from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.app.settings import Settings
from watchkeeper.query.promql import parse_selector
from watchkeeper.store import Store, StoreFailure
from watchkeeper.store.retention import Keep, Retention

logger = logging.getLogger("watchkeeper.retention")

_EVERY_S = 3600.0
_FIRST_AFTER_S = 60.0


def retention_of(settings: Settings, configuration: Configuration) -> Retention:
    """For all by default; then the `retention:` list."""
    sections = configuration.sections
    keep_ms = settings.keep_ms(sections.storage.tsdb.retention.time_ms)
    tenants = {rule.tenant: rule.keep_ms for rule in sections.retention if rule.tenant and not rule.match}
    rules = [
        Keep(parse_selector(rule.match), rule.keep_ms, tenant=rule.tenant) for rule in sections.retention if rule.match
    ]
    return Retention(keep_ms, tenants, rules)


class RetentionRounds:
    """Deletes what has expired, every hour."""

    def __init__(self, store: Store, settings: Settings, configuration: Configuration) -> None:
        self._store = store
        self._settings = settings
        self._retention = retention_of(settings, configuration)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._run(), name="retention")

    async def close(self) -> None:
        """End them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Keep as a new configuration says, from the next round on."""
        retention = retention_of(self._settings, configuration)

        async def take_up() -> None:
            self._retention = retention

        return take_up

    async def _run(self) -> None:
        await asyncio.sleep(_FIRST_AFTER_S)
        while True:
            try:
                gone = await self._store.retain(self._retention)
            except StoreFailure as why:
                logger.warning("what has expired could not be deleted this time: %s", why)
            else:
                if gone:
                    logger.info("%d series have expired", gone)
            await asyncio.sleep(_EVERY_S)
