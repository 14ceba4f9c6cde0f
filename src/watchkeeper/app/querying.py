"""The query room over the store."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.api.prometheus.queries import Queries
from watchkeeper.api.prometheus.query_log import QueryLog
from watchkeeper.api.rooms import Core
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.app.settings import Settings
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.query.promql import Engine, EngineOptions
from watchkeeper.store import Lane, Store

_MOST_BYTES = 2 << 30


class LaneSource:
    """The store as somebody in one lane reads it."""

    def __init__(self, store: Store, lane: Lane) -> None:
        self._store = store
        self._lane = lane

    def select(self, selection: Selection) -> SeriesBlock:
        """The series of one selection."""
        return self._store.select(selection, self._lane)

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        """The answers to several selections."""
        return self._store.select_many(selections, self._lane)


def options_of(settings: Settings, configuration: Configuration) -> EngineOptions:
    """The engine's options: flags, bounded memory."""
    return EngineOptions(
        lookback_ms=settings.lookback_ms,
        timeout_s=settings.query_timeout_ms / 1000,
        max_samples=settings.query_max_samples,
        default_step_ms=configuration.sections.global_.evaluation_interval_ms,
        max_bytes=configuration.sections.query.max_memory_bytes or _MOST_BYTES,
        delayed_name_removal="promql-delayed-name-removal" in settings.features,
        use_start_timestamps="use-start-timestamps" in settings.features,
        type_and_unit_labels="type-and-unit-labels" in settings.features,
    )


class Querying:
    """People's queries: an engine in the people's lane, and the API over it."""

    def __init__(self, core: Core, store: Store, settings: Settings, configuration: Configuration) -> None:
        self.engine = Engine(LaneSource(store, Lane.PEOPLE), options_of(settings, configuration), core.clock)
        self._log = QueryLog(core.clock)
        self._log.write_to(configuration.sections.global_.query_log_file)
        self.queries = Queries(core, self.engine, self._log, settings.query_concurrency, settings.query_timeout_ms)

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Write the query log where the configuration says."""

        async def take_up() -> None:
            self._log.write_to(configuration.sections.global_.query_log_file)

        return take_up

    async def close(self) -> None:
        """Take no further queries."""
        self.queries.close()
        self.engine.close()
