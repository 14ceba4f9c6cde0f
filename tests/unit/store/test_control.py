"""Control data and its migrations."""

from __future__ import annotations

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
