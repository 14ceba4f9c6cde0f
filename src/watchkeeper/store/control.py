"""Control data: one SQL database, SQLite by default or PostgreSQL by URL, and its migrations, room by room."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from watchkeeper.store.control_file import ControlFile, Steps, prepare
from watchkeeper.store.failure import StoreFailure

T = TypeVar("T")
_NUL = "\N{SYMBOL FOR NULL}"
_STEPS = sa.Table(
    "control_migrations",
    sa.MetaData(),
    sa.Column("room", sa.String(100), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
)


@dataclass(frozen=True, slots=True)
class ControlStep:
    """One step of a room's schema; its statements run in one transaction and must suit SQLite and PostgreSQL."""

    number: int
    name: str
    statements: tuple[str, ...]


class ControlDatabase:
    """The connection to control data. Rooms migrate their own tables first, then use `begin`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(watchkeeper_writes=True)
        # SQLite has one writer at a time and lets the others try again and again: here they queue, in their order.
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._file = ControlFile(file) if file and file != ":memory:" else None
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @classmethod
    def at(cls, url: str) -> ControlDatabase:
        """By `sqlite:///path`, `sqlite://` (in memory) or `postgresql://user:password@host/database`.

        Raises StoreFailure for any other URL, and where PostgreSQL's driver is not installed.
        """
        scheme, found, rest = url.partition("://")
        drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
        if not found or scheme not in drivers:
            right = "sqlite:///PATH or postgresql://user:password@host/database"
            raise StoreFailure(f"control database: unknown scheme {scheme!r}: right would be {right}", retryable=False)
        options: dict[str, object] = {}
        if scheme == "sqlite":
            # The driver would begin no transaction before DDL: we begin each ourselves.
            options["connect_args"] = {"isolation_level": None}
        else:
            # A server that has been restarted, or a peer that never answers, must not hold everything up.
            options |= {"pool_pre_ping": True, "connect_args": {"timeout": 5, "command_timeout": 30}}
        if scheme == "sqlite" and rest.strip("/") in ("", ":memory:"):
            options["poolclass"] = sa.StaticPool
        elif scheme == "sqlite":
            Path(rest.removeprefix("/")).parent.mkdir(parents=True, exist_ok=True)
        try:
            engine = create_async_engine(f"{drivers[scheme]}://{rest}", **options)
        except ModuleNotFoundError as error:
            reason = f"control database: PostgreSQL needs the driver {error.name}: install watchkeeper[postgresql]"
            raise StoreFailure(reason, retryable=False) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise StoreFailure(f"control database: {error}", retryable=False) from error
        if scheme == "sqlite":
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return cls(engine)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection, None]:
        """A transaction: committed at its end, rolled back when it raises. One within another would wait for ever."""
        async with self._turn, self._writing.begin() as connection:
            yield connection

    async def rows(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
        """What a SELECT finds, whoever writes meanwhile; `:name` in it is a parameter. Raises StoreFailure."""
        return await _whole(self._rows(statement, dict(parameters or {})))

    async def run(self, steps: Steps) -> None:
        """Statements that write, each for every one of its rows of parameters, in one transaction. Raises StoreFailure.

        Where the caller is cancelled the transaction still comes to its end first.
        """
        await _whole(self._run(steps))

    async def migrate(self, room: str, steps: Sequence[ControlStep]) -> list[int]:
        """Take the steps of a room that are missing, each in a transaction of its own; their numbers.

        Raises StoreFailure where a step fails (nothing of it stays), or the database is ahead of `steps`.
        """
        numbers = [step.number for step in steps]
        assert numbers == sorted(set(numbers)), f"the steps of {room} are not in order"
        await self._make_steps()
        async with self.begin() as connection:
            rows = await connection.execute(sa.select(_STEPS.c.number).where(_STEPS.c.room == room))
            applied = set(rows.scalars())
        ahead = applied - set(numbers)
        if ahead:
            reason = (
                f"control database: {room} has step {max(ahead)}, which this version does not know: run a newer one"
            )
            raise StoreFailure(reason, retryable=False)
        missing = [step for step in steps if step.number not in applied]
        return [step.number for step in missing if await self._take(room, step)]

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        if self._file is not None:
            await self._file.close()

    async def _rows(self, statement: str, parameters: Mapping[str, object]) -> list[tuple[object, ...]]:
        try:
            async with self.engine.begin() as connection:
                found = await connection.execute(sa.text(statement), parameters)
                return [tuple(row) for row in found]
        except (DBAPIError, OSError) as error:
            raise _failed(error) from error

    async def _run(self, steps: Steps) -> None:
        try:
            if self._file is not None:
                async with self._turn:
                    await self._file.run(steps)
                return
            async with self.begin() as connection:
                for statement, rows in steps:
                    await connection.execute(sa.text(statement), [_storable(row) for row in rows])
        except (DBAPIError, OSError, sqlite3.Error) as error:
            raise _failed(error) from error

    async def _take(self, room: str, step: ControlStep) -> bool:
        """Take a step; False where another process has taken it at the same time. Raises StoreFailure."""
        try:
            async with self.begin() as connection:
                # Said first: another process that takes the same step waits here until it has been taken.
                await connection.execute(_STEPS.insert().values(room=room, number=step.number, name=step.name))
                for statement in step.statements:
                    await connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if await self._is_taken(room, step.number):
                return False
            reason = f"control database: step {step.number} ({step.name}) of {room} failed: {error.orig}"
            raise StoreFailure(reason, retryable=error.connection_invalidated) from error
        return True

    async def _make_steps(self) -> None:
        """Make the table of steps. Raises StoreFailure."""
        for last in (False, True):
            try:
                async with self.begin() as connection:
                    await connection.run_sync(_STEPS.metadata.create_all)
            except (DBAPIError, OSError) as error:
                # PostgreSQL fails one of two processes that make the same table at the same time.
                if last:
                    raise StoreFailure(f"control database: {_reason(error)}", retryable=True) from error
            else:
                return

    async def _is_taken(self, room: str, number: int) -> bool:
        """Say whether a step has been taken, by whomever; no where the database does not answer."""
        with suppress(DBAPIError):
            async with self.begin() as connection:
                taken = sa.select(_STEPS.c.number).where(_STEPS.c.room == room, _STEPS.c.number == number)
                return (await connection.execute(taken)).first() is not None
        return False


def _storable(row: Mapping[str, object]) -> dict[str, object]:
    """The row as PostgreSQL takes it, which has no text with the character NUL: its symbol stands for it."""
    return {name: value.replace("\0", _NUL) if isinstance(value, str) else value for name, value in row.items()}


async def _whole(work: Coroutine[object, object, T]) -> T:
    """The result of `work`, which is not broken off: a connection that is left in a transaction keeps its locks."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def _failed(error: DBAPIError | OSError | sqlite3.Error) -> StoreFailure:
    return StoreFailure(f"control database: {_reason(error)}", retryable=True)


def _reason(error: DBAPIError | OSError | sqlite3.Error) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _prepare_sqlite(connection: sa.PoolProxiedConnection, _record: object) -> None:
    cursor = connection.cursor()
    prepare(cursor)
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # Whoever reads first and writes then would be refused where somebody else has written in between.
    writes = connection.get_execution_options().get("watchkeeper_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def masked(url: str) -> str:
    """The URL without its password, to be logged."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:…@", url)
