"""The embedded engine below the store, which starts while what asks it is still being loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.api.home import Feeling
from watchkeeper.engine import EmbeddedEngine, EngineMetrics, EngineOptions, EngineState
from watchkeeper.store.endpoint import Endpoint

ENGINE_FOLDER = "engine"
SNAPSHOT_FOLDER = "snapshots"


class Engine:
    """Starts at once, in a process of its own; `close` ends it wherever it stands."""

    def __init__(self, data: Path, registry: CollectorRegistry) -> None:
        self._engine = embedded_engine(data, EngineMetrics(registry))
        self._starting = asyncio.create_task(self._engine.start(), name="start of the engine")

    async def endpoint(self) -> Endpoint:
        """Where it answers, once it does. Raises EngineFailure with the reason where it cannot be opened."""
        return await self._starting

    async def close(self) -> None:
        """Have it end cleanly, or broken off where it has not started yet."""
        self._starting.cancel()
        await asyncio.gather(self._starting, return_exceptions=True)
        await self._engine.stop()

    def feel(self) -> list[Feeling]:
        """How it feels."""
        engine = self._engine
        good = engine.state is EngineState.RUNNING
        text = f"embedded, {engine.state.value}" + ("" if good else f": {engine.last_error}")
        broken = [
            Feeling("broken data", f"{part.table}: {part.name} ({part.reason})", good=False)
            for part in engine.broken_parts
        ]
        return [Feeling("engine", text, good), *broken]


def embedded_engine(data: Path, metrics: EngineMetrics, snapshots: Path | None = None) -> EmbeddedEngine:
    """The engine on the data folder; copies of the store go into and come from `snapshots` (by default beside it)."""
    folder = (snapshots or data / SNAPSHOT_FOLDER).resolve()
    return EmbeddedEngine(data / ENGINE_FOLDER, metrics, options=EngineOptions(backup_folder=str(folder)))
