"""Control data and its migrations."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from watchkeeper.store import StoreFailure
from watchkeeper.store.control import ControlDatabase, ControlStep, masked

FIRST = ControlStep(1, "silences", ("CREATE TABLE silences (id INTEGER PRIMARY KEY)",))
SECOND = ControlStep(2, "their authors", ("ALTER TABLE silences ADD COLUMN author TEXT",))


async def test_each_room_takes_its_own_steps_once(tmp_path: Path) -> None:
    for _ in range(2):
        database = ControlDatabase.at(f"sqlite:///{tmp_path}/deep/control.db")
        first = not (tmp_path / "deep/control.db").exists()
        assert await database.migrate("alerts", [FIRST]) == ([1] if first else [])
        assert await database.migrate("oncall", [ControlStep(1, "x", ("CREATE TABLE x (a TEXT)",))]) == (
            [1] if first else []
        )
        await database.close()
    database = ControlDatabase.at(f"sqlite:///{tmp_path}/deep/control.db")
    assert await database.migrate("alerts", [FIRST, SECOND]) == [2]
    async with database.begin() as connection:
        await connection.execute(sa.text("INSERT INTO silences (author) VALUES (:who)"), {"who": "alice"})
    async with database.begin() as connection:
        assert (await connection.execute(sa.text("SELECT author FROM silences"))).scalars().all() == ["alice"]
    await database.close()


async def test_one_text_with_a_nul_keeps_nothing_else_from_being_written(every_control_url: str) -> None:
    database = ControlDatabase.at(every_control_url)
    await database.migrate("notes", [ControlStep(1, "notes", ("CREATE TABLE notes (text TEXT NOT NULL)",))])
    await database.run([("INSERT INTO notes (text) VALUES (:text)", [{"text": "a\0b"}, {"text": "c"}])])
    kept = {str(text) for (text,) in await database.rows("SELECT text FROM notes")}
    assert kept in ({"a\0b", "c"}, {"a\N{SYMBOL FOR NULL}b", "c"})
    await database.close()


async def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = ControlDatabase.at(f"sqlite:///{tmp_path}/control.db")
    bad = ControlStep(1, "bad", ("CREATE TABLE half (a TEXT)", "CREATE TABLE silly ("))
    with pytest.raises(StoreFailure, match=r"step 1 \(bad\) of alerts"):
        await database.migrate("alerts", [bad])
    good = ControlStep(1, "good", ("CREATE TABLE half (a TEXT)",))
    assert await database.migrate("alerts", [good]) == [1]
    await database.close()


async def test_a_database_from_the_future_is_refused() -> None:
    database = ControlDatabase.at("sqlite://")
    await database.migrate("alerts", [FIRST, SECOND])
    with pytest.raises(StoreFailure, match="newer"):
        await database.migrate("alerts", [FIRST])
    await database.close()


def test_other_databases_are_refused() -> None:
    with pytest.raises(StoreFailure, match="sqlite:///PATH"):
        ControlDatabase.at("mysql://x/y")


def test_a_password_is_not_logged() -> None:
    assert masked("postgresql://alice:secret@db/w") == "postgresql://alice:…@db/w"


async def _counting(tmp_path: Path) -> ControlDatabase:
    database = ControlDatabase.at(f"sqlite:///{tmp_path}/control.db")
    await database.migrate("counting", [ControlStep(1, "numbers", ("CREATE TABLE numbers (n INTEGER, by TEXT)",))])
    return database


async def test_what_is_committed_is_seen_by_others_and_needs_no_further_file_once_all_have_closed(
    tmp_path: Path,
) -> None:
    database, other = await _counting(tmp_path), await _counting(tmp_path)
    await database.run([("INSERT INTO numbers (n) VALUES (:n)", [{"n": 1}, {"n": 2}])])
    assert await other.rows("SELECT n FROM numbers") == [(1,), (2,)]
    await other.close()
    await database.run([("INSERT INTO numbers (n) VALUES (:n)", [{"n": 3}])])
    await database.close()
    assert [file.name for file in tmp_path.iterdir()] == ["control.db"]
    (tmp_path / "control.db").chmod(0o444)
    read_only = sqlite3.connect(f"file:{tmp_path}/control.db?mode=ro", uri=True)
    assert read_only.execute("SELECT count(*) FROM numbers").fetchone() == (3,)
    read_only.close()


async def test_whoever_reads_does_not_wait_for_whoever_writes(tmp_path: Path) -> None:
    database = await _counting(tmp_path)
    async with database.begin() as connection:
        await connection.execute(sa.text("INSERT INTO numbers (n) VALUES (1)"))
        assert await database.rows("SELECT n FROM numbers") == []
    assert await database.rows("SELECT n FROM numbers") == [(1,)]
    await database.close()


async def test_many_who_write_at_once_all_get_their_turn_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    database = await _counting(tmp_path)
    insert = "INSERT INTO numbers (n) VALUES (:n)"
    await asyncio.gather(*(database.run([(insert, [{"n": n}] * 20)]) for n in range(50)))
    found = [n for (n,) in await database.rows("SELECT n FROM numbers ORDER BY rowid")]
    assert found == [n for n in range(50) for _ in range(20)]
    await database.close()
