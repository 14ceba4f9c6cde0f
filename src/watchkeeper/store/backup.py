"""Copies of the whole store that stand for themselves, and the way back: ClickHouse's BACKUP and RESTORE."""

from __future__ import annotations

import re
import time
import uuid

from watchkeeper.store.client import Client, Lane
from watchkeeper.store.failure import StatementFailure, StoreFailure
from watchkeeper.store.migrations import Place, status
from watchkeeper.store.migrations.table import quoted

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_CODE = re.compile(r"Code: (\d+)")
_REASONS = {
    36: "the server allows no place for it (its configuration needs <backups><allowed_path>)",
    598: "there is one of that name already",
    599: "there is no such snapshot",
}
"""What ClickHouse's numbers for failures mean here."""


def back_up(client: Client, place: Place, name: str) -> None:
    """Copy every table into `name`, a folder in the server's place for backups; writes may go on meanwhile.

    Raises StoreFailure, and then there is no such backup.
    """
    _run(client, f"BACKUP DATABASE {quoted(place.database)}{place.on_cluster} TO {_file(name)}", name)


def restore(client: Client, place: Place, name: str) -> None:
    """Put the backup in the place of all that is stored now. Nobody may use the store meanwhile.

    The backup is read whole, beside what is there, before anything is replaced: until then a StoreFailure leaves all
    as it was. Broken off, it can be repeated.
    """
    if place.cluster:
        raise StoreFailure("a cluster is restored by ClickHouse's own RESTORE … ON CLUSTER", retryable=False)
    beside, replaced = Place(f"{place.database}_restoring"), Place(f"{place.database}_replaced")
    _drop(client, beside)
    _run(client, f"RESTORE DATABASE {quoted(place.database)} AS {quoted(beside.database)} FROM {_file(name)}", name)
    _check(client, beside, name)
    _drop(client, replaced)
    if _exists(client, place):
        client.command(f"RENAME DATABASE {quoted(place.database)} TO {quoted(replaced.database)}", database="default")
    client.command(f"RENAME DATABASE {quoted(beside.database)} TO {quoted(place.database)}", database="default")
    _drop(client, replaced)


def series_count(client: Client, place: Place) -> int:
    """How many series are stored; 0 where nothing ever was."""
    if not any(step.applied for step in status(client, place)):
        return 0
    return int(client.query("SELECT uniqExact(tenant, series) AS n FROM series_raw").array("n")[0])


def _check(client: Client, beside: Place, name: str) -> None:
    try:
        steps = status(Client(client.target, beside.database, client.clock), beside)
    except StoreFailure as failure:
        _drop(client, beside)
        raise StoreFailure(f"snapshot {name}: {failure}", retryable=False) from failure
    if not any(step.applied for step in steps):
        _drop(client, beside)
        raise StoreFailure(f"snapshot {name} holds no store of ours", retryable=False)


def _exists(client: Client, place: Place) -> bool:
    found = client.query(
        "SELECT count() AS n FROM system.databases WHERE name = {name:String}",
        {"name": place.database},
        lane=Lane.INGEST,
        database="system",
    )
    return bool(found.array("n")[0])


def _drop(client: Client, place: Place) -> None:
    client.command(
        f"DROP DATABASE IF EXISTS {quoted(place.database)} SYNC",
        settings={"max_table_size_to_drop": 0, "max_partition_size_to_drop": 0},
        database="default",
    )


def _run(client: Client, sql: str, name: str) -> None:
    """Run a BACKUP or RESTORE to its end, however long that takes: no connection is kept waiting for it."""
    number = str(uuid.uuid4())
    client.command(f"{sql} SETTINGS id = '{number}' ASYNC", database="default")
    pause_s = 0.01
    while True:
        found = client.query(
            "SELECT toString(status) AS status, error FROM system.backups WHERE id = {id:String}",
            {"id": number},
            database="system",
        )
        state = found.strings("status")[0] if found.rows else "lost: the server was started again"
        if state in ("BACKUP_CREATED", "RESTORED"):
            return
        if state not in ("CREATING_BACKUP", "RESTORING"):
            raise _failed(name, found.strings("error")[0] if found.rows else state)
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 1.0)


def _failed(name: str, error: str) -> StatementFailure:
    error = error.partition(" Stack trace")[0].splitlines()[0]
    number = _CODE.match(error)
    code = int(number.group(1)) if number else 0
    why = _REASONS.get(code)
    return StatementFailure(f"snapshot {name}: {f'{why}: ' if why else ''}{error}", code, retryable=False)


def _file(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StoreFailure(f"{name!r} cannot name a snapshot: letters, digits, - and _ can", retryable=False)
    return f"File('{name}')"
