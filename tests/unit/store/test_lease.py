"""One of several processes holds a lease, and another takes it when the first is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol

import pytest

from watchkeeper.store.control import ControlDatabase, ControlStep
from watchkeeper.store.lease import Lease, Standing


class Moved(Protocol):
    """A clock that tests move by hand."""

    ahead_s: float

    def now_ms(self) -> int: ...

    def monotonic_s(self) -> float: ...


@pytest.fixture
async def leases(every_control_url: str, clock: Moved) -> AsyncIterator[tuple[Lease, Lease]]:
    """The lease as two processes see it."""
    async with AsyncExitStack() as stack:
        made: list[Lease] = []
        for name in ("one", "two"):
            control = ControlDatabase.at(every_control_url)
            stack.push_async_callback(control.close)
            made.append(Lease(control, clock, "duty", holder=name, address=f"http://{name}:9800", lasts_s=15))
        await asyncio.gather(*(lease.open() for lease in made))
        yield made[0], made[1]


async def test_the_first_that_asks_has_it_and_the_other_learns_where_it_is(leases: tuple[Lease, Lease]) -> None:
    one, two = leases
    assert await one.tend() == Standing(mine=True)
    assert await two.tend() == Standing(mine=False, address="http://one:9800")
    assert await one.tend() == Standing(mine=True)


async def test_a_lease_that_is_renewed_stays_where_it_is(leases: tuple[Lease, Lease], clock: Moved) -> None:
    one, two = leases
    for _ in range(5):
        assert (await one.tend()).mine
        assert not (await two.tend()).mine
        clock.ahead_s += 10


async def test_a_lease_that_nobody_renews_is_taken_and_its_holder_learns_it(
    leases: tuple[Lease, Lease], clock: Moved
) -> None:
    one, two = leases
    await one.tend()
    await two.tend()
    clock.ahead_s += 14
    assert not (await two.tend()).mine
    clock.ahead_s += 1
    assert (await two.tend()).mine
    assert await one.tend() == Standing(mine=False, address="http://two:9800")


async def test_a_lease_that_is_let_go_is_free_at_once(leases: tuple[Lease, Lease]) -> None:
    one, two = leases
    await one.tend()
    assert not (await two.tend()).mine
    await one.release()
    assert (await two.tend()).mine


async def test_of_many_that_ask_at_once_one_has_it(leases: tuple[Lease, Lease], clock: Moved) -> None:
    for _ in range(5):
        standings = await asyncio.gather(*(lease.tend() for lease in leases))
        assert [one.mine for one in standings].count(True) == 1
        for lease in leases:
            await lease.release()


async def test_two_processes_that_migrate_at_once_take_each_step_once(every_control_url: str) -> None:
    databases = [ControlDatabase.at(every_control_url) for _ in range(3)]
    steps = [ControlStep(number, f"step {number}", (f"CREATE TABLE t{number} (a TEXT)",)) for number in (1, 2, 3)]
    taken = await asyncio.gather(*(database.migrate("room", steps) for database in databases))
    assert sorted(number for numbers in taken for number in numbers) == [1, 2, 3]
    for database in databases:
        await database.close()
