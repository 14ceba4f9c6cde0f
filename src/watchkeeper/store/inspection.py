"""What lies in the store, asked of the engine alone: for a person who looks, not for the running server."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.store.client import Client, Settings
from watchkeeper.store.migrations import MigrationStatus, Place, status
from watchkeeper.store.migrations.table import quoted
from watchkeeper.store.sql.views import literal

_TIMED = ("samples_raw", "histograms_raw")


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table on disk, over all nodes."""

    name: str
    rows: int
    parts: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """A store as it lies there; times in ms, None without samples."""

    steps: tuple[MigrationStatus, ...]
    tables: tuple[TableSize, ...] = ()
    series: int = 0
    tenants: int = 0
    oldest_ms: int | None = None
    newest_ms: int | None = None
    broken: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[MigrationStatus, ...]:
        """The schema steps that have not been taken."""
        return tuple(step for step in self.steps if not step.applied)


def inspect(client: Client, place: Place) -> Inspection:
    """Look at everything and change nothing. Raises StoreFailure, also where the schema is newer than we are."""
    steps = tuple(status(client, place))
    if not any(step.applied for step in steps):
        return Inspection(steps)
    tables = _tables(client, place)
    present = {table.name.removesuffix("_local") for table in tables}
    series = client.query("SELECT uniqExact(tenant, series) AS n, uniqExact(tenant) AS t FROM series_raw")
    spans = [_span(client, table) for table in _TIMED if table in present]
    known = [span for span in spans if span is not None]
    return Inspection(
        steps,
        tables,
        int(series.array("n")[0]),
        int(series.array("t")[0]),
        min((oldest for oldest, _ in known), default=None),
        max((newest for _, newest in known), default=None),
        _broken(client, place),
    )


def every_node(place: Place, table: str) -> str:
    """A system table, of all nodes where there are several."""
    return f"clusterAllReplicas({quoted(place.cluster)}, {table})" if place.cluster else table


def _tables(client: Client, place: Place) -> tuple[TableSize, ...]:
    rows = client.query(
        "SELECT table AS name, sum(rows) AS rows, count() AS parts, sum(bytes_on_disk) AS bytes "
        f"FROM {every_node(place, 'system.parts')} WHERE active AND database = {literal(place.database)} "
        "GROUP BY table ORDER BY bytes DESC"
    )
    numbers = zip(*(rows.array(name).tolist() for name in ("rows", "parts", "bytes")), strict=True)
    return tuple(TableSize(name, *row) for name, row in zip(rows.strings("name"), numbers, strict=True))


def _span(client: Client, table: str) -> tuple[int, int] | None:
    # Days are partitions, so the ends are found in the first and the last of them.
    settings: Settings = {"optimize_use_implicit_projections": 1}
    rows = client.query(
        f"SELECT count() AS n, min(timestamp) AS oldest, max(timestamp) AS newest FROM {table}", settings=settings
    )
    if not rows.rows or not int(rows.array("n")[0]):
        return None
    return int(rows.array("oldest")[0]), int(rows.array("newest")[0])


def _broken(client: Client, place: Place) -> tuple[str, ...]:
    rows = client.query(
        "SELECT concat(ifNull(table, ''), ': ', name, ' (', ifNull(reason, ''), ', ', toString(bytes_on_disk), "
        f"' bytes)') AS part FROM {every_node(place, 'system.detached_parts')} "
        f"WHERE database = {literal(place.database)} "
        "AND (position(ifNull(reason, ''), 'broken') > 0 OR position(ifNull(reason, ''), 'unexpected') > 0) "
        "ORDER BY part"
    )
    return tuple(rows.strings("part"))
