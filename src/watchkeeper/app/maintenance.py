"""What the `store` commands do: on a store that no server has open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.app.engine import ENGINE_FOLDER, SNAPSHOT_FOLDER
from watchkeeper.app.telemetry import LOG_FOLDER, Telemetry, TelemetryFailure, opened
from watchkeeper.store import Target
from watchkeeper.store.backup import restore, series_count
from watchkeeper.store.client import Client
from watchkeeper.store.inspection import Inspection, inspect
from watchkeeper.store.migrations import MigrationStatus, Place, dry_run, migrate

_PATIENCE_S = 2.0
"""A person waits for the answer, and can ask again."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A snapshot that is the store now."""

    name: str
    series: int


async def inspected(telemetry: Telemetry) -> Inspection:
    """How the store lies there. Raises Failure."""
    _must_exist(telemetry)
    async with _asked(telemetry) as (client, place):
        return await asyncio.to_thread(inspect, client, place)


async def pending_statements(telemetry: Telemetry) -> list[str]:
    """The statements that `migrated` would run. Raises Failure."""
    _must_exist(telemetry)
    async with _asked(telemetry) as (client, place):
        return await asyncio.to_thread(dry_run, client, place)


async def migrated(telemetry: Telemetry) -> list[MigrationStatus]:
    """Take the missing schema steps; those taken. Raises Failure."""
    async with _asked(telemetry) as (client, place):
        return await asyncio.to_thread(migrate, client, place)


async def restored(telemetry: Telemetry, snapshot: str, *, replace: bool) -> Restored:
    """Put a snapshot, by its name or its folder's path, in the place of the store. Raises Failure."""
    folder = _folder(telemetry, snapshot)
    name = folder.name if folder is not None else snapshot
    async with _asked(telemetry, folder.parent if folder is not None else None) as (client, place):
        there = await asyncio.to_thread(series_count, client, place)
        if there and not replace:
            raise TelemetryFailure(f"{telemetry} holds {there} series: --replace lets them go for the snapshot")
        await asyncio.to_thread(restore, client, place, name)
        # What a server that was killed left in its log belongs to the store that has just been replaced.
        for left in (telemetry.data / LOG_FOLDER).glob("*.log") if not telemetry.url else ():
            left.unlink()
        return Restored(name, await asyncio.to_thread(series_count, client, place))


def _must_exist(telemetry: Telemetry) -> None:
    """Looking must not make a store where there is none."""
    if not telemetry.url and not (telemetry.data / ENGINE_FOLDER).is_dir():
        raise TelemetryFailure(f"{telemetry.data}: there is no store in this folder; --data names the right one")


def _folder(telemetry: Telemetry, snapshot: str) -> Path | None:
    """Where the snapshot lies; None where only the server of a URL can know."""
    if telemetry.url:
        return None
    kept = telemetry.data / SNAPSHOT_FOLDER
    for folder in (kept / snapshot, Path(snapshot)):
        if (folder / ".backup").is_file():
            return folder.resolve()
    names = sorted(found.parent.name for found in kept.glob("*/.backup"))
    there = ", ".join(names) if names else "none"
    raise TelemetryFailure(
        f"there is no snapshot {snapshot}: neither such a folder, nor one in {kept} (there: {there})"
    )


@asynccontextmanager
async def _asked(telemetry: Telemetry, snapshots: Path | None = None) -> AsyncGenerator[tuple[Client, Place]]:
    async with opened(telemetry, snapshots) as target:
        client = Client(target, target.endpoint.database, patience_s=_PATIENCE_S)
        try:
            yield client, _place(target)
        finally:
            client.close()


def _place(target: Target) -> Place:
    return Place(target.endpoint.database, target.cluster)
