"""The rooms that watch, as one: the store and what questions it, what fills it, and the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from starlette.routing import BaseRoute

from watchkeeper.api.notices import Notices
from watchkeeper.api.prometheus import (
    admin,
    exemplars,
    features,
    federation,
    notifications,
    pages,
    reading,
    receiving,
    remote_read,
    rules,
    status,
    targets,
)
from watchkeeper.api.prometheus.build import build_json
from watchkeeper.api.prometheus.routes import api
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.watchkeeper import backtest, below, imports, sql
from watchkeeper.app.backtesting import Backtesting
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.engine import Engine
from watchkeeper.app.host import HostJob
from watchkeeper.app.querying import Querying
from watchkeeper.app.receivers import Receivers
from watchkeeper.app.retention import RetentionRounds
from watchkeeper.app.room import Room
from watchkeeper.app.ruling import Ruling
from watchkeeper.app.scraping import Scraping, scrape_options
from watchkeeper.app.settings import Settings
from watchkeeper.app.storage import Storage
from watchkeeper.app.warming import Warming
from watchkeeper.receive.remote_write import RemoteWrite
from watchkeeper.rules import AlertSink
from watchkeeper.store import Store
from watchkeeper.store.control import ControlDatabase


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the rooms are made with; `configuration` gives the one in force.

    `engine` is what the store lives in, None where a URL names a server.
    """

    core: Core
    settings: Settings
    condition: Condition
    environ: Mapping[str, str]
    running: Running
    notices: Notices
    configuration: Callable[[], Configuration]
    engine: Engine | None


class Watching:
    """Opened in two steps: what the rules live by, then, where somebody tells people, all that finds and takes."""

    def __init__(self, grounds: Grounds, stack: AsyncExitStack) -> None:
        """`stack` closes what is opened, the last first."""
        self._grounds = grounds
        self._core = grounds.core
        self._stack = stack
        self._store: Store | None = None
        self._ruling: Ruling | None = None
        self._routes: list[BaseRoute] = []
        self._rooms: list[Room] = []

    async def open_store(self) -> None:
        """The store, ready to be written and asked. Raises Failure."""
        grounds, core, stack = self._grounds, self._core, self._stack
        configuration = grounds.configuration()
        warming = Warming()
        stack.push_async_callback(warming.close)
        data, engine = grounds.settings.data, grounds.engine
        storage = Storage(data, engine, configuration, core.clock, core.registry, grounds.condition)
        stack.push_async_callback(storage.close)
        self._store = await storage.open()
        grounds.condition.watch(storage.feel)
        await warming.store(grounds.condition)
        retention = RetentionRounds(self._store, grounds.settings, configuration)
        stack.push_async_callback(retention.close)
        retention.start()
        self._rooms += [storage, retention]

    async def open(self, control: ControlDatabase, told: AlertSink) -> None:
        """All that lives by the store; what the rules find goes to `told`. Raises Failure."""
        store = self._store
        assert store is not None, "the store is not open"
        querying = self._query(store)
        scraping = await self._scrape(store)
        self._ruling = ruling = await self._rule(store, scraping, told)
        receivers = await self._receive(store, control)
        # Routes are tried in this order, and what is asked most often should not wait for the rest.
        grounds, core = self._grounds, self._core
        remote_write = RemoteWrite(store, core.registry) if core.options.enable_remote_write else None
        families = [
            *([receiving.routes(remote_write)] if remote_write else []),
            querying.queries.routes(),
            receivers.api_routes(),
            reading.routes(core, store),
            exemplars.routes(core, store),
            status.routes(core, store, grounds.running),
            admin.routes(core, store),
            targets.routes(core, scraping.pools),
            rules.routes(ruling.rules, ruling.alertmanagers),
            remote_read.routes(core, store, grounds.running),
            notifications.routes(grounds.notices),
            features.routes(core),
        ]
        self._routes = [
            api(*families),
            *self._own(store, querying),
            *federation.routes(core, store, grounds.running, querying.lookback_ms),
            *pages.routes(core, build_json(core.build)),
            *receivers.routes(),
        ]

    def routes(self) -> Sequence[BaseRoute]:
        """What they answer, once they are open."""
        return self._routes

    def live(self) -> Sequence[Room]:
        """Those that take part in a reload."""
        return self._rooms

    def vital(self) -> str:
        """Why what goes wrong would not be found, or empty."""
        return self._ruling.vital() if self._ruling is not None else "the rules are not evaluated yet"

    def _query(self, store: Store) -> Querying:
        querying = Querying(self._core, store, self._grounds.settings, self._grounds.configuration())
        self._stack.push_async_callback(querying.close)
        self._rooms.append(querying)
        return querying

    async def _scrape(self, store: Store) -> Scraping:
        grounds = self._grounds
        host = HostJob(grounds.settings, self._core.clock)
        scraping = Scraping(self._core, store, grounds.environ, scrape_options(grounds.settings), host)
        self._stack.push_async_callback(scraping.close)
        await scraping.start(grounds.configuration())
        grounds.condition.watch(scraping.feel)
        self._rooms.append(scraping)
        return scraping

    async def _rule(self, store: Store, scraping: Scraping, told: AlertSink) -> Ruling:
        grounds, configuration = self._grounds, self._grounds.configuration()
        ruling = Ruling(self._core, store, grounds.settings, configuration, grounds.environ, scraping.discovery)
        ruling.sink.add(told)
        self._stack.push_async_callback(ruling.close)
        await ruling.open(configuration)
        grounds.condition.watch(ruling.feel)
        self._rooms.append(ruling)
        return ruling

    async def _receive(self, store: Store, control: ControlDatabase) -> Receivers:
        receivers = Receivers(self._core, store, control, self._grounds.settings, self._grounds.configuration())
        self._stack.push_async_callback(receivers.close)
        await receivers.start()
        self._rooms.append(receivers)
        return receivers

    def _own(self, store: Store, querying: Querying) -> list[BaseRoute]:
        core = self._core
        url = core.options.external_url
        backtesting = Backtesting(querying.engine, store, core.clock, url, self._grounds.configuration)
        self._stack.callback(backtesting.close)
        importing = imports.routes(store) if core.options.enable_remote_write else []
        return below([*sql.routes(core, store), *importing, *backtest.routes(backtesting)])
