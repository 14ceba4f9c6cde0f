"""The receivers beside scraping and remote write: OTLP, also at ports of its own, and Pushgateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Set

import grpc
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from watchkeeper.api import pushgateway
from watchkeeper.api.application import application
from watchkeeper.api.guard import FrontDoor
from watchkeeper.api.otlp import http as otlp_http
from watchkeeper.api.otlp.grpc import GRPCServer, PortTaken
from watchkeeper.api.rooms import Core
from watchkeeper.api.web_config import Passwords, WebConfigFile, ssl_context
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.configuration.sections import OTLPConfig
from watchkeeper.app.room import TakeUp
from watchkeeper.app.settings import Address, Settings, SettingsFailure
from watchkeeper.app.sockets import bind
from watchkeeper.app.web import WebServer
from watchkeeper.receive.otlp import OTLP, Translation
from watchkeeper.receive.pushgateway import Keeping, Pushgateway
from watchkeeper.store import Store
from watchkeeper.store.control import ControlDatabase

logger = logging.getLogger("watchkeeper.app")


class Receivers:
    """Takes OTLP metrics and pushed groups."""

    def __init__(
        self, core: Core, store: Store, control: ControlDatabase, settings: Settings, configuration: Configuration
    ) -> None:
        self._settings = settings
        self.otlp = OTLP(store, core.clock, core.registry, self._translation(configuration))
        self.gateway = Pushgateway(store, Keeping(control), core.clock, core.registry)
        self.gateway.interval_ms = configuration.sections.global_.scrape_interval_ms or 60_000
        self._enable_admin = settings.enable_admin
        self._sampling: asyncio.Task[None] | None = None
        self._web_config = WebConfigFile(settings.web_config) if settings.web_config else None
        self._http: WebServer | None = None
        self._grpc: GRPCServer | None = None

    def _translation(self, configuration: Configuration) -> Translation:
        given = self._settings.lookback_ms
        lookback_ms = configuration.sections.query.lookback_delta_ms if given is None else given
        return translation_of(configuration.sections.otlp, self._settings.features, lookback_ms)

    async def start(self) -> None:
        """Take up the pushed groups, and listen at OTLP's own ports; one that is taken is no reason to end.

        Raises StoreFailure where the pushed groups cannot be read.
        """
        await self.gateway.open()
        self._sampling = asyncio.create_task(self.gateway.run())
        settings = self._settings
        main = {address.port for address in settings.listen}
        if settings.otlp_http_listen is not None and settings.otlp_http_listen.port not in main:
            await self._start_http(settings.otlp_http_listen)
        if settings.otlp_grpc_listen is not None:
            await self._start_grpc(settings.otlp_grpc_listen)

    async def close(self) -> None:
        """Take nothing more at those ports, and sample no more."""
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.gather(self._sampling, return_exceptions=True)
        if self._grpc is not None:
            await self._grpc.stop()
        if self._http is not None:
            await self._http.stop()

    def api_routes(self) -> list[BaseRoute]:
        """The routes below `/api/v1`."""
        pushed = pushgateway.api_routes(self.gateway, enable_admin=self._enable_admin)
        return [*otlp_http.routes(self.otlp, "/otlp/v1/metrics"), *pushed]

    def routes(self) -> list[BaseRoute]:
        """The other routes."""
        return [*otlp_http.routes(self.otlp), *pushgateway.routes(self.gateway)]

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Translate as a new configuration says."""

        async def take_up() -> None:
            self.otlp.translate_by(self._translation(configuration))
            self.gateway.interval_ms = configuration.sections.global_.scrape_interval_ms or 60_000

        return take_up

    async def _start_http(self, address: Address) -> None:
        try:
            sockets = bind([address], "--otlp.http.listen")
        except SettingsFailure as why:
            logger.warning("OTLP over HTTP is taken at the main addresses only: %s", why)
            return
        file, tls = self._web_config, None
        if file is not None and file.config.tls_server_config is not None:
            tls = ssl_context(file.path, file.config.tls_server_config)
        passwords = [Middleware(Passwords, file=file)] if file is not None else []
        door = FrontDoor.of([address.host], self._settings.external_url, self._settings.cors_origin)
        paths = ("/v1/metrics", "/api/v1/otlp/v1/metrics")
        routes = [route for path in paths for route in otlp_http.routes(self.otlp, path)]
        self._http = WebServer(application(routes, door, "", passwords), tls)
        await self._http.start(sockets)
        logger.info("OTLP over HTTP at %s", address)

    async def _start_grpc(self, address: Address) -> None:
        admits = Passwords(application([], FrontDoor(False), ""), self._web_config).admits if self._web_config else None
        server = GRPCServer(self.otlp, admits, _credentials(self._web_config))
        try:
            await server.start(str(address))
        except PortTaken as why:
            logger.warning("OTLP over gRPC is not taken: %s. Choose another with --otlp.grpc.listen HOST:PORT.", why)
            return
        self._grpc = server
        logger.info("OTLP over gRPC at %s", address)


def _credentials(file: WebConfigFile | None) -> grpc.ServerCredentials | None:
    """TLS as the web configuration says; what can be wrong with it was found when the main addresses were opened."""
    tls = None if file is None else file.config.tls_server_config
    if file is None or tls is None or tls.cert_file is None or tls.key_file is None:
        return None
    base = file.path.parent
    pair = ((base / tls.key_file).read_bytes(), (base / tls.cert_file).read_bytes())
    authorities = (base / tls.client_ca_file).read_bytes() if tls.client_ca_file is not None else None
    needed = authorities is not None and (tls.client_auth_type or "").startswith("Require")
    return grpc.ssl_server_credentials([pair], authorities if needed else None, needed)


def translation_of(config: OTLPConfig, features: Set[str], lookback_ms: int) -> Translation:
    """The rules that the `otlp` section and the feature flags ask for."""
    strategy = config.translation_strategy
    return Translation(
        escape=strategy.startswith("UnderscoreEscaping"),
        suffixes=strategy.endswith("WithSuffixes"),
        promote_all=config.promote_all_resource_attributes,
        promoted=frozenset(name.strip() for name in config.promote_resource_attributes),
        ignored=frozenset(name.strip() for name in config.ignore_resource_attributes),
        keep_identifying=config.keep_identifying_resource_attributes,
        histograms_to_nhcb=config.convert_histograms_to_nhcb,
        promote_scope=config.promote_scope_metadata,
        label_underscore_key=config.label_name_underscore_sanitization,
        label_multiple_underscores=config.label_name_preserve_multiple_underscores,
        type_and_unit_labels="type-and-unit-labels" in features,
        # So often that a look-back always finds one.
        target_info_every_ms=max(lookback_ms // 2, 1000),
    )
