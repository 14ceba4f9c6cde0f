"""The query room over the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
_NO_BOUND = 1 << 50
_MOST_THREADS = 256
_DEFAULT_LOOKBACK_MS = 300_000


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


@dataclass(frozen=True, slots=True)
class QueryBounds:
    """What a query may take: a flag where it was given, else the `query:` section, where 0 means no bound."""

    timeout_ms: int
    max_samples: int
    concurrency: int
    lookback_ms: int

    @classmethod
    def of(cls, settings: Settings, configuration: Configuration) -> QueryBounds:
        """The bounds that hold now."""
        section = configuration.sections.query

        def decided(flag: int | None, configured: int) -> int:
            return (configured if flag is None else flag) or _NO_BOUND

        lookback = section.lookback_delta_ms if settings.lookback_ms is None else settings.lookback_ms
        return cls(
            decided(settings.query_timeout_ms, section.timeout_ms),
            decided(settings.query_max_samples, section.max_samples),
            min(decided(settings.query_concurrency, section.max_concurrency), _MOST_THREADS),
            lookback or _DEFAULT_LOOKBACK_MS,
        )


def options_of(settings: Settings, configuration: Configuration) -> EngineOptions:
    """The engine's options: flags, bounded memory."""
    bounds = QueryBounds.of(settings, configuration)
    return EngineOptions(
        lookback_ms=bounds.lookback_ms,
        timeout_s=bounds.timeout_ms / 1000,
        max_samples=bounds.max_samples,
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
        self._settings = settings
        self._log = QueryLog(core.clock)
        self._log.write_to(configuration.sections.global_.query_log_file)
        self._bounds = QueryBounds.of(settings, configuration)
        self.queries = Queries(core, self.engine, self._log, self._bounds.concurrency, self._bounds.timeout_ms)

    def lookback_ms(self) -> int:
        """How long a sample stands for its series now."""
        return self._bounds.lookback_ms

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Bound queries, and write the query log, as a new configuration says."""
        options, bounds = options_of(self._settings, configuration), QueryBounds.of(self._settings, configuration)

        async def take_up() -> None:
            self._log.write_to(configuration.sections.global_.query_log_file)
            self._bounds = bounds
            self.engine.use(options)
            self.queries.bound(bounds.concurrency, bounds.timeout_ms)

        return take_up

    async def close(self) -> None:
        """Take no further queries."""
        self.queries.close()
        self.engine.close()
