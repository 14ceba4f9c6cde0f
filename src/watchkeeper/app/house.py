"""The only wiring: builds the rooms from settings and configuration, starts, reloads and stops them."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import watchkeeper
from watchkeeper.api import home, lifecycle, waiting
from watchkeeper.api.application import application
from watchkeeper.api.forwarding import HandedOn
from watchkeeper.api.guard import FrontDoor
from watchkeeper.api.notices import RELOAD_FAILED, Notices
from watchkeeper.api.oncall import OPEN_PATHS
from watchkeeper.api.rooms import BuildInfo, Core, Lifecycle, Options, Readers
from watchkeeper.api.web_config import Passwords, WebConfigFile, ssl_context
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import Configuration, load
from watchkeeper.app.configuration.history import configuration_loaded, configuration_refused
from watchkeeper.app.connections import ConnectionLimits
from watchkeeper.app.metrics import HouseMetrics
from watchkeeper.app.room import Room
from watchkeeper.app.rooms import open_rooms
from watchkeeper.app.settings import Role, Settings
from watchkeeper.app.sockets import bind
from watchkeeper.app.urls import external_url, local_url, route_prefix
from watchkeeper.app.web import Switch, WebServer
from watchkeeper.app.whereabouts import announced
from watchkeeper.base.clock import Clock
from watchkeeper.base.configuration import ConfigurationFailure, Place, Problem
from watchkeeper.base.duration import format_duration
from watchkeeper.base.failure import Failure
from watchkeeper.journal import Entry, Journal
from watchkeeper.query.promql import ParseFailure, parse_selector

logger = logging.getLogger("watchkeeper.app")

_READERS = 8


class House:
    """One running Watchkeeper. `start`, then `stopped` is set once somebody asks for the end, then `stop`."""

    def __init__(self, settings: Settings, clock: Clock, environ: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.registry = _registry()
        self.condition = Condition()
        self.stopped = asyncio.Event()
        self.environ = os.environ if environ is None else environ
        self.configuration = self._load()
        self.core = self._core()
        self._metrics = HouseMetrics(self.registry, self.core.build)
        self.started_ms = clock.now_ms()
        self._reloads = (True, self.started_ms)
        self._metrics.reloaded(*self._reloads)
        self._metrics.lives_by(self.configuration_yaml())
        self._reloading = asyncio.Lock()
        self.notices = Notices(clock, settings.max_listeners)
        self._rooms: Sequence[Room] = ()
        self._journal: Journal | None = None
        self._open = AsyncExitStack()

    async def start(self) -> None:
        """Listen, open the store, and start every room. Raises Failure with the reason, everything closed again."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        sockets = bind(self.settings.listen)
        web_config = WebConfigFile(self.settings.web_config) if self.settings.web_config else None
        front = Switch(self._application(waiting.routes(self.condition), web_config))
        limits = ConnectionLimits(self.settings.read_timeout_ms / 1000, self.settings.max_connections)
        tls = _tls(web_config)
        server = WebServer(front, tls, limits)
        await server.start(sockets)
        self._open.push_async_callback(server.stop)
        self._open.callback(self.notices.close)
        rooms = await open_rooms(self, self._open)
        self._rooms, self._journal = rooms.live, rooms.journal
        rooms.journal.record(configuration_loaded(self.configuration, self.clock.now_ms(), at_start=True))
        front.application = self._application(rooms.routes, web_config, rooms.forwarded)
        self._open.enter_context(announced(self.settings.data, local_url(self.settings, tls=tls is not None)))
        self.condition.is_ready()
        self._metrics.ready(True)
        for address in self.settings.listen:
            logger.info("listening on %s", address)

    async def stop(self) -> None:
        """Stop every room, the last started first."""
        self.condition.is_stopping()
        self._metrics.ready(False)
        await self._open.aclose()
        self.core.readers.close()

    async def reload(self) -> None:
        """Read the configuration again and take it up everywhere. Raises Failure; then nothing has changed."""
        async with self._reloading:
            try:
                configuration = await asyncio.to_thread(self._load)
                _check_still_routed(self.configuration, configuration)
                prepared = [await room.prepare(configuration) for room in self._rooms]
            except Failure as why:
                self._reloads = (False, self._reloads[1])
                self._metrics.reloaded(*self._reloads)
                self.notices.raise_(RELOAD_FAILED)
                logger.error("the configuration stays as it was: %s", why)
                self._record(configuration_refused(why, self.clock.now_ms()))
                raise
            for take_up in prepared:
                await take_up()
            self.configuration = configuration
            self._reloads = (True, self.clock.now_ms())
            self._metrics.reloaded(*self._reloads)
            self._metrics.lives_by(self.configuration_yaml())
            self.notices.settle(RELOAD_FAILED)
            logger.info("the configuration has been read again")
            self._record(configuration_loaded(configuration, self.clock.now_ms(), at_start=False))

    def configuration_yaml(self) -> str:
        """The configuration in force, secrets hidden."""
        return self.configuration.to_yaml()

    def last_reload(self) -> tuple[bool, int]:
        """Whether the last reading succeeded, and when one last did (ms)."""
        return self._reloads

    def external_labels(self) -> dict[str, str]:
        """What is added to all that leaves this house."""
        return dict(self.configuration.sections.global_.external_labels)

    def retention_text(self) -> str:
        """How long samples are kept where no rule says otherwise."""
        return format_duration(self.settings.keep_ms(self.configuration.sections.storage.tsdb.retention.time_ms))

    def _record(self, entry: Entry) -> None:
        if self._journal is not None:
            self._journal.record(entry)

    def _load(self) -> Configuration:
        configuration = load(
            self.settings.configs,
            self.environ,
            own_address=str(self.settings.listen[0]),
            check_selector=_check_selector,
        )
        for warning in configuration.warnings:
            logger.warning("%s", warning)
        return configuration

    def _core(self) -> Core:
        settings = self.settings
        # Alertmanager reads its file again for whoever asks, Prometheus only where that is enabled.
        reloads, enabled = settings.role is Role.ALERTS, settings.enable_lifecycle
        return Core(
            clock=self.clock,
            registry=self.registry,
            readers=Readers(_READERS),
            status=self.condition,
            lifecycle=Lifecycle(self.reload if enabled or reloads else None, self.stopped.set if enabled else None),
            build=BuildInfo(watchkeeper.__version__, "", platform.python_version()),
            options=Options(
                telemetry=settings.role is Role.ALL,
                external_url=external_url(settings),
                route_prefix=route_prefix(settings),
                enable_admin=settings.enable_admin,
                enable_remote_write=settings.enable_remote_write,
                flags=settings.flags,
                listen=[str(address) for address in settings.listen],
                read_sample_limit=settings.read_sample_limit,
                read_frame_bytes=settings.read_frame_bytes,
            ),
        )

    def _application(
        self,
        routes: Sequence[BaseRoute],
        web_config: WebConfigFile | None,
        forwarded: Callable[[str], bool] = lambda _: False,
    ) -> ASGIApp:
        door = FrontDoor.of(
            [address.host for address in self.settings.listen], self.settings.external_url, self.settings.cors_origin
        )
        always = [*home.routes(self.core, self.condition.feelings), *lifecycle.routes(self.core)]
        prefix = self.core.options.route_prefix
        open_paths = re.compile(re.escape(prefix) + OPEN_PATHS)
        middleware = [Middleware(HandedOn, good=forwarded)]
        if web_config is not None:
            middleware.append(Middleware(Passwords, file=web_config, open_paths=open_paths, forwarded=forwarded))
        return application([*always, *routes], door, prefix, middleware)


def _tls(web_config: WebConfigFile | None) -> ssl.SSLContext | None:
    if web_config is None or web_config.config.tls_server_config is None:
        return None
    return ssl_context(web_config.path, web_config.config.tls_server_config)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _check_still_routed(before: Configuration, after: Configuration) -> None:
    """Raise ConfigurationFailure where a file that is empty, or half written, would end all notification."""
    if before.routing is not None and after.routing is None:
        files = ", ".join(str(file) for file in after.files)
        text = '"route" is gone: nobody would be told of any alert; to do without it, start anew'
        raise ConfigurationFailure([Problem(Place(files), text)])


def _check_selector(text: str) -> None:
    try:
        parse_selector(text)
    except ParseFailure as why:
        raise ValueError(str(why)) from None
