"""Ordered steps of the telemetry schema: what stands, what is missing, and how to go there."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.store.client import Client
from watchkeeper.store.failure import StoreFailure
from watchkeeper.store.migrations.table import Place, Table, quoted
from watchkeeper.store.migrations.tables import ACTIVITY, EXEMPLARS, HISTOGRAMS, METADATA, SAMPLES, SERIES
from watchkeeper.store.room import require_room


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; its statements can be repeated, so a step broken off half-way is simply taken again."""

    number: int
    name: str
    tables: tuple[Table, ...] = ()
    statements: tuple[str, ...] = ()

    def sql(self, place: Place) -> tuple[str, ...]:
        """The step's statements at `place`; `{database}` and `{on_cluster}` in them are filled in."""
        made = tuple(line for table in self.tables for line in table.create(place))
        database = quoted(place.database)
        return made + tuple(s.format(database=database, on_cluster=place.on_cluster) for s in self.statements)


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "series", (SERIES, ACTIVITY)),
    Migration(2, "samples", (SAMPLES, HISTOGRAMS)),
    Migration(3, "exemplars and metadata", (EXEMPLARS, METADATA)),
)


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """One step and whether it has been taken here."""

    number: int
    name: str
    applied: bool


def status(client: Client, place: Place) -> list[MigrationStatus]:
    """Each known step, in order; nothing is changed. Raises StoreFailure where the schema is newer than we are."""
    applied = _applied(client, place)
    ahead = sorted(applied - {migration.number for migration in MIGRATIONS})
    if ahead:
        raise StoreFailure(
            f"the store's schema has step {ahead[-1]}, this version knows {MIGRATIONS[-1].number}: "
            "it was written by a newer Watchkeeper, run that one",
            retryable=False,
        )
    return [MigrationStatus(m.number, m.name, m.number in applied) for m in MIGRATIONS]


def dry_run(client: Client, place: Place) -> list[str]:
    """The statements that `migrate` would run now."""
    missing = {step.number for step in status(client, place) if not step.applied}
    return [line for m in MIGRATIONS if m.number in missing for line in m.sql(place)]


def migrate(client: Client, place: Place) -> list[MigrationStatus]:
    """Take every step that is missing, in order, and answer those taken. Raises StoreFailure and can be repeated."""
    client.command("SELECT 1", database="default")  # who does not answer now is not waited for, as queries would
    missing = {step.number for step in status(client, place) if not step.applied}
    if not missing:
        return []
    require_room(client)
    for line in foundation(place):
        client.command(line, database="default")
    taken: list[MigrationStatus] = []
    for migration in MIGRATIONS:
        if migration.number in missing:
            for line in migration.sql(place):
                client.command(line)
            _record(client, place, migration)
            taken.append(MigrationStatus(migration.number, migration.name, applied=True))
    return taken


def foundation(place: Place) -> tuple[str, str]:
    """The database and the table of steps taken. (chDB's own default database cannot hold MergeTree tables well.)"""
    database = quoted(place.database)
    engine = "MergeTree()"
    if place.cluster:
        engine = (
            f"ReplicatedMergeTree('/clickhouse/tables/all/{place.database}/schema_migrations', '{{shard}}-{{replica}}')"
        )
    atomic = "" if place.cluster else " ENGINE = Atomic"
    return (
        f"CREATE DATABASE IF NOT EXISTS {database}{place.on_cluster}{atomic}",
        f"CREATE TABLE IF NOT EXISTS {database}.schema_migrations{place.on_cluster} "
        f"(number UInt32, name String, applied DateTime DEFAULT now()) ENGINE = {engine} ORDER BY number",
    )


def _applied(client: Client, place: Place) -> set[int]:
    known = client.query(
        "SELECT count() AS n FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'",
        {"database": place.database},
        database="system",
    )
    if not int(known.array("n")[0]):
        return set()
    return {int(number) for number in client.query("SELECT number FROM schema_migrations").array("number")}


def _record(client: Client, place: Place, migration: Migration) -> None:
    table = f"{quoted(place.database)}.schema_migrations"
    client.command(
        f"INSERT INTO {table} (number, name) SELECT {{number:UInt32}}, {{name:String}}",
        {"number": migration.number, "name": migration.name},
    )
