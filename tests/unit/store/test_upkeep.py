"""What is deleted is gone, at once and for good; what is kept stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.store import FREE, Store, StoreOptions
from watchkeeper.store.retention import Keep, Retention

NOW = 1_763_700_000_000
DAY = 86_400_000
Make = Callable[..., Any]
A, B = {"__name__": "m", "i": "a"}, {"__name__": "m", "i": "b"}


def equal(name: str, value: str) -> Matcher:
    return Matcher(name, MatchOp.EQUAL, value)


async def test_a_deleted_range_is_gone_at_once(store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    samples = [(one, NOW - 5000 + 1000 * t, float(t)) for t in range(5) for one in (A, B)]
    await store.append(batch_of(store, *samples))
    assert await store.delete_series("default", [(equal("i", "a"),)], NOW - 3000, NOW) == 1
    kept = [(NOW - 5000, 0.0), (NOW - 4000, 1.0)]
    assert plain(store.select(named("m")))[Labels(A)] == kept
    assert len(plain(store.select(named("m")))[Labels(B)]) == 5
    assert plain(store.latest(named("m")))[Labels(A)] == kept[-1:]
    # A value for the deleted newest timestamp is not a duplicate of anything.
    assert (await store.append(batch_of(store, (A, NOW - 1000, 9.0)))).accepted == 1
    assert plain(store.select(named("m")))[Labels(A)] == [*kept, (NOW - 1000, 9.0)]


async def test_a_series_without_samples_is_gone_for_good(
    opened: Make, batch_of: Make, named: Make, plain: Make
) -> None:
    async with opened() as store:
        await store.append(batch_of(store, (A, NOW, 1.0), (B, NOW, 1.0)))
        await store.delete_series("default", [(equal("i", "a"),)], 0, NOW)
        assert store.label_values("default", "i") == ["b"]
        await store.clean_tombstones()
    async with opened() as store:
        assert store.label_values("default", "i") == ["b"]
        assert plain(store.select(named("m"))) == {Labels(B): [(NOW, 1.0)]}
        await store.append(batch_of(store, (A, NOW, 2.0)))
        assert plain(store.select(named("m"))) == {Labels(A): [(NOW, 2.0)], Labels(B): [(NOW, 1.0)]}


async def test_whole_days_go_when_nothing_in_them_is_kept(
    free_store: Store, batch_of: Make, named: Make, plain: Make
) -> None:
    days = [NOW - t * DAY for t in (40, 20, 1)]
    await free_store.append(batch_of(free_store, *[(A, at, 1.0) for at in days], (B, NOW - 40 * DAY, 1.0)))
    gone = await free_store.retain(Retention(30 * DAY))
    assert gone == 1
    assert plain(free_store.select(named("m", 0, NOW))) == {Labels(A): [(at, 1.0) for at in days[1:]]}
    assert free_store.label_values("default", "i") == ["a"]
    parts = free_store.client.query(
        "SELECT count() AS n FROM system.parts WHERE active AND table = 'samples_raw' AND database = currentDatabase()"
    )
    assert int(parts.array("n")[0]) == 2


async def test_tenants_and_matchers_have_times_of_their_own(
    free_store: Store, batch_of: Make, named: Make, plain: Make
) -> None:
    days = [NOW - t * DAY for t in (300, 40, 5, 1)]
    for tenant in ("default", "short"):
        for one in (A, B):
            await free_store.append(batch_of(free_store, *[(one, at, 1.0) for at in days], tenant=tenant))
    retention = Retention(30 * DAY, {"short": 2 * DAY}, [Keep((equal("i", "b"),), 365 * DAY)])
    for _ in range(2):
        await free_store.retain(retention)
        assert plain(free_store.select(named("m", 0, NOW))) == {
            Labels(A): [(at, 1.0) for at in days[2:]],
            Labels(B): [(at, 1.0) for at in days],
        }
        short = plain(free_store.select(named("m", 0, NOW, tenant="short")))
        assert short == {Labels(A): [(days[3], 1.0)], Labels(B): [(at, 1.0) for at in days]}


async def test_a_rule_may_be_for_one_tenant_alone(free_store: Store, batch_of: Make, named: Make, plain: Make) -> None:
    days = [NOW - 40 * DAY, NOW - DAY]
    for tenant in ("default", "short"):
        await free_store.append(batch_of(free_store, *[(A, at, 1.0) for at in days], tenant=tenant))
    await free_store.retain(Retention(90 * DAY, {}, [Keep((equal("i", "a"),), 30 * DAY, tenant="short")]))
    assert len(plain(free_store.select(named("m", 0, NOW)))[Labels(A)]) == 2
    assert len(plain(free_store.select(named("m", 0, NOW, tenant="short")))[Labels(A)]) == 1


async def test_nothing_goes_when_everything_is_kept(free_store: Store, batch_of: Make, named: Make) -> None:
    await free_store.append(batch_of(free_store, (A, 0, 1.0)))
    assert await free_store.retain(Retention()) == 0
    assert len(free_store.select(named("m", 0, NOW))) == 1


async def test_an_old_store_is_free_of_what_expired_while_it_was_closed(
    opened: Make, batch_of: Make, clock: Any
) -> None:
    options = StoreOptions(policy_of=lambda _tenant: FREE)
    async with opened(options) as store:
        await store.append(batch_of(store, (A, NOW, 1.0)))
    clock.ms = NOW + 60 * DAY
    async with opened(options) as store:
        assert await store.retain(Retention(30 * DAY)) == 1
        assert store.label_values("default", "i") == []
