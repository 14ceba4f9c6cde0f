"""A table of ours as a value, and the statements that make it: alone, or replicated and distributed over a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where tables are made: a database and, where telemetry lives on one, a cluster."""

    database: str
    cluster: str = ""

    @property
    def on_cluster(self) -> str:
        """The clause that makes a statement run on every node."""
        return f" ON CLUSTER {quoted(self.cluster)}" if self.cluster else ""

    def local(self, table: str) -> str:
        """The name of the table that holds the rows on one node."""
        return f"{table}_local" if self.cluster else table


@dataclass(frozen=True, slots=True)
class Table:
    """A MergeTree table; `engine` is its family member (`ReplacingMergeTree`), `columns` its lines of DDL."""

    name: str
    columns: tuple[str, ...]
    engine: str
    order_by: str
    partition_by: str = ""
    shard_by: str = "series"
    settings: dict[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])

    def create(self, place: Place) -> tuple[str, ...]:
        """The statements that make the table at `place`; each may be repeated without harm."""
        local = self._local(place)
        if not place.cluster:
            return (local,)
        database, cluster = quoted(place.database), quoted(place.cluster)
        rows = place.local(self.name)
        distributed = (
            f"CREATE TABLE IF NOT EXISTS {database}.{self.name}{place.on_cluster} AS {database}.{rows} "
            f"ENGINE = Distributed({cluster}, {database}, {rows}, {self.shard_by})"
        )
        return local, distributed

    def _local(self, place: Place) -> str:
        name, engine = place.local(self.name), f"{self.engine}()"
        settings = {"non_replicated_deduplication_window": 1000, **self.settings}
        if place.cluster:
            path = f"/clickhouse/tables/{{shard}}/{place.database}/{name}"
            engine = f"Replicated{self.engine}('{path}', '{{replica}}')"
            settings = {"replicated_deduplication_window": 10000, **self.settings}
        partition = f" PARTITION BY {self.partition_by}" if self.partition_by else ""
        columns = ",\n  ".join(self.columns)
        return (
            f"CREATE TABLE IF NOT EXISTS {quoted(place.database)}.{name}{place.on_cluster} (\n  {columns}\n)\n"
            f"ENGINE = {engine}{partition} ORDER BY ({self.order_by})\n"
            f"SETTINGS {', '.join(f'{key} = {value}' for key, value in settings.items())}"
        )


def quoted(name: str) -> str:
    """An identifier as ClickHouse reads it whatever stands in it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
