"""A snapshot brings back what was there when it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.store import Store, StoreFailure
from watchkeeper.store.backup import restore, series_count

NOW = 1_763_700_000_000
Make = Callable[..., Any]
A, B = {"__name__": "m", "i": "a"}, {"__name__": "m", "i": "b"}


@pytest.mark.parametrize("log", ["direct"], indirect=True)
async def test_a_snapshot_restores_what_was_lost(opened: Make, batch_of: Make, named: Make, plain: Make) -> None:
    async with opened() as store:
        await store.append(batch_of(store, (A, NOW, 1.0)))
        # People's views name the store's tables, and must not hold them fast.
        assert b'["1"]' in store.sql("default", "SELECT count() FROM samples")
        await store.snapshot(f"{store.place.database}-before")
        await store.append(batch_of(store, (B, NOW, 2.0)))
        store.client.command("TRUNCATE TABLE samples_raw")
        restore(store.client, store.place, f"{store.place.database}-before")
        assert series_count(store.client, store.place) == 1
        databases = store.client.query("SELECT name FROM system.databases").strings("name")
        assert not [name for name in databases if name.endswith(("_restoring", "_replaced"))]
    async with opened() as store:
        assert plain(store.select(named("m"))) == {Labels(A): [(NOW, 1.0)]}
        assert b'["1"]' in store.sql("default", "SELECT count() FROM samples")
        # It can be done again, and goes on from there.
        restore(store.client, store.place, f"{store.place.database}-before")
        await store.append(batch_of(store, (B, NOW, 2.0)))


async def test_what_cannot_be_restored_changes_nothing(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    await store.append(batch_of(store, (A, NOW, 1.0)))
    with pytest.raises(StoreFailure, match="snapshot nothing: there is no such snapshot"):
        restore(store.client, store.place, "nothing")
    with pytest.raises(StoreFailure, match="cannot name a snapshot"):
        restore(store.client, store.place, "../x")
    assert plain(store.select(named("m"))) == {Labels(A): [(NOW, 1.0)]}


async def test_a_snapshot_of_a_newer_schema_changes_nothing(
    store: Store, batch_of: Make, named: Make, plain: Make
) -> None:
    name = f"{store.place.database}-newer"
    await store.append(batch_of(store, (A, NOW, 1.0)))
    store.client.command("INSERT INTO schema_migrations (number, name) SELECT 999, 'later'")
    await store.snapshot(name)
    with pytest.raises(StoreFailure, match="newer Watchkeeper"):
        restore(store.client, store.place, name)
    assert plain(store.select(named("m"))) == {Labels(A): [(NOW, 1.0)]}


async def test_a_name_is_used_once(store: Store) -> None:
    name = f"{store.place.database}-once"
    await store.snapshot(name)
    with pytest.raises(StoreFailure, match="there is one of that name already"):
        await store.snapshot(name)
    with pytest.raises(StoreFailure, match="cannot name a snapshot"):
        await store.snapshot("../x")
