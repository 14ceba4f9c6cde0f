"""The tables' files on disk before the log lets go of what is in them."""

from __future__ import annotations

from watchkeeper.store.client import Client
from watchkeeper.store.migrations import Place
from watchkeeper.store.migrations.table import quoted
from watchkeeper.store.room import require_room

_TABLES = (
    "series_raw", "series_activity", "samples_raw", "histograms_raw", "exemplars_raw", "metadata_raw",
)  # fmt: skip


def make_durable(client: Client, place: Place) -> None:
    """Have each insert written through to the disk: with a log behind them they are few. Raises StoreFailure."""
    rows = client.query(
        "SELECT name FROM system.tables "
        "WHERE database = currentDatabase() AND engine_full LIKE '%fsync_part_directory%'"
    )
    durable = set(rows.strings("name"))
    others = [place.local(table) for table in _TABLES if place.local(table) not in durable]
    if others:
        require_room(client)
    for table in others:
        name = f"{quoted(place.database)}.{table}"
        client.command(f"ALTER TABLE {name} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1")
