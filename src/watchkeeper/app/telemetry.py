"""Where telemetry lives, as the configuration or a command line says, and the way there."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.app.configuration.sections import StorageConfig
from watchkeeper.app.engine import embedded_engine
from watchkeeper.base.failure import Failure
from watchkeeper.base.http import TLSConfig
from watchkeeper.base.http.tls import TLS
from watchkeeper.engine import EngineFailure, EngineMetrics
from watchkeeper.store import LogOptions, Target

LOG_FOLDER = "log"


class TelemetryFailure(Failure):
    """The store's place cannot be opened."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The data folder or, where `url` is not empty, a ClickHouse server or cluster."""

    data: Path
    url: str = ""
    cluster: str = ""
    tls: TLSConfig = field(default_factory=TLSConfig)

    @classmethod
    def of(cls, data: Path, storage: StorageConfig) -> Telemetry:
        """What the `storage` section says, with `data` for those who name no URL."""
        return cls(data, storage.url.reveal(), storage.cluster, storage.tls_config)

    def log(self) -> LogOptions | None:
        """The log before the embedded engine; a server by URL has none."""
        return None if self.url else LogOptions(self.data / LOG_FOLDER)

    def __str__(self) -> str:
        """The place in words, without a password."""
        if not self.url:
            return str(self.data)
        target = remote_target(self)
        cluster = f", cluster {target.cluster}" if target.cluster else ""
        return f"{target.endpoint.host}:{target.endpoint.port}/{target.endpoint.database}{cluster}"


def remote_target(telemetry: Telemetry) -> Target:
    """The target that the URL names. Raises StoreFailure for a wrong URL, HTTPFailure for wrong certificates."""
    target = Target.parse(telemetry.url)
    if telemetry.cluster:
        target = replace(target, cluster=telemetry.cluster)
    if target.endpoint.secure and telemetry.tls != TLSConfig():
        target = replace(target, tls=TLS(telemetry.tls).context(), server_name=telemetry.tls.server_name)
    return target


@asynccontextmanager
async def opened(telemetry: Telemetry, snapshots: Path | None = None) -> AsyncGenerator[Target]:
    """The target, for a command beside the server. Raises TelemetryFailure where a server holds the data folder."""
    if telemetry.url:
        yield remote_target(telemetry)
        return
    engine = embedded_engine(telemetry.data, EngineMetrics(CollectorRegistry()), snapshots)
    try:
        endpoint = await engine.start()
    except EngineFailure as failure:
        await engine.stop()
        raise TelemetryFailure(f"{failure} (if a server runs on {telemetry.data}, stop it first)") from failure
    try:
        yield Target(endpoint)
    finally:
        await engine.stop()
