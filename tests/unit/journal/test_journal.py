"""What happened is found again, in its order, by what it was about."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry, Journal, Kind, Search
from watchkeeper.store.control import ControlDatabase

DAY_MS = 86_400_000
NOW = 1_763_700_000_000


class Moved(Protocol):
    """A clock that tests move by hand."""

    ms: int

    def now_ms(self) -> int: ...

    def monotonic_s(self) -> float: ...


def _unique() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"{next(numbers):016x}"


def _journal(url: str, clock: Clock) -> Journal:
    return Journal(ControlDatabase.at(url), clock, CollectorRegistry(), _unique())


@pytest.fixture
def control_url(every_control_url: str) -> str:
    """All of this holds on SQLite and on PostgreSQL."""
    return every_control_url


@pytest.fixture
async def journal(control_url: str, clock: Moved) -> AsyncIterator[Journal]:
    journal = _journal(control_url, clock)
    await journal.open()
    yield journal
    await journal.close()


def sent(text: str, **more: object) -> Entry:
    return replace(Entry(Kind.NOTIFICATION_SENT, NOW, text, receiver="pager", alerts=("a" * 16,)), **more)  # type: ignore[arg-type]  # a test's shorthand


async def texts(journal: Journal, search: Search) -> list[str]:
    return [entry.text for entry in await journal.find(search)]


async def test_what_is_recorded_is_found_as_it_was_newest_first(journal: Journal) -> None:
    one = sent("first", group_key='{}:{a="b"}', integration="slack[0]", actor="alice", details={"answer": "200 ü"})
    journal.record(one)
    journal.record(sent("second", incident="i1"))
    second, first = await journal.find(Search())
    assert first == replace(one, id=first.id)
    assert second.incident == "i1"
    assert second.id > first.id


async def test_each_condition_narrows_the_search(journal: Journal) -> None:
    journal.record(
        sent("told of DISK", group_key="g1"),
        sent("100% full", receiver="chat", alerts=("b" * 16, "a" * 16, "b" * 16)),
        Entry(Kind.ALERT_FIRED, NOW + 5, "fired", alerts=("b" * 16,)),
        Entry(Kind.ALERT_RESOLVED, NOW + 9, "ended", tenant="other", actor="bob"),
    )
    assert await texts(journal, Search(alert="a" * 16)) == ["100% full", "told of DISK"]
    assert await texts(journal, Search(alerts=("b" * 16, "a" * 16))) == ["fired", "100% full", "told of DISK"]
    assert await texts(journal, Search(receiver="chat")) == ["100% full"]
    assert await texts(journal, Search(group_key="g1")) == ["told of DISK"]
    assert await texts(journal, Search(kinds=("alert",))) == ["fired"]
    assert await texts(journal, Search(kinds=("alert.resolved", "notification"))) == ["100% full", "told of DISK"]
    assert await texts(journal, Search(tenant="other", actor="bob")) == ["ended"]
    assert await texts(journal, Search(text="disk")) == ["told of DISK"]
    assert await texts(journal, Search(text="0%")) == ["100% full"]
    assert await texts(journal, Search(text="_")) == []
    assert await texts(journal, Search(since=NOW + 5)) == ["fired"]
    assert await texts(journal, Search(until=NOW + 5)) == ["100% full", "told of DISK"]


async def test_pages_follow_each_other_without_a_gap(journal: Journal) -> None:
    journal.record(*(sent(str(number)) for number in range(25)))
    found: list[str] = []
    before = ""
    while page := await journal.find(Search(limit=10, before=before)):
        found += [entry.text for entry in page]
        before = page[-1].id
    assert found == [str(number) for number in reversed(range(25))]


async def test_the_order_is_that_of_recording_though_the_clock_jumps_back(journal: Journal, clock: Moved) -> None:
    journal.record(sent("before"))
    clock.ms -= DAY_MS
    journal.record(sent("after"))
    assert await texts(journal, Search()) == ["after", "before"]


async def test_entries_are_there_after_a_restart(journal: Journal, control_url: str, clock: Moved) -> None:
    journal.record(sent("kept"))
    await journal.close()
    again = _journal(control_url, clock)
    await again.open()
    assert await texts(again, Search()) == ["kept"]
    await again.close()


async def test_entries_can_be_part_of_somebody_elses_transaction(
    journal: Journal, control_url: str, clock: Moved
) -> None:
    control = ControlDatabase.at(control_url)
    await control.run(journal.writes([sent("together")]))
    await control.close()
    assert await texts(journal, Search()) == ["together"]


async def test_old_entries_are_forgotten_when_the_next_process_opens(
    journal: Journal, control_url: str, clock: Moved
) -> None:
    journal.record(sent("old"), sent("young", at=NOW + 300 * DAY_MS))
    await journal.close()
    clock.ms += 401 * DAY_MS
    again = _journal(control_url, clock)
    await again.open()
    while len(await again.find(Search())) != 1:
        pass
    assert await texts(again, Search()) == ["young"]
    assert await texts(again, Search(alert="a" * 16)) == ["young"]
    await again.close()


async def test_an_end_in_the_midst_of_writing_loses_and_doubles_nothing(tmp_path: Path, clock: Moved):
    for turns in range(25):
        journal = _journal(f"sqlite:///{tmp_path / f'{turns}.db'}", clock)
        await journal.open()
        journal.record(sent("one"))
        for _ in range(turns):
            await asyncio.sleep(0.0002)
        await journal.close()
        assert await texts(journal, Search()) == ["one"]


async def test_a_text_that_a_database_cannot_hold_keeps_no_other_waiting(journal: Journal) -> None:
    journal.record(sent("before"), sent("a\0b ✓", actor="e\0ve", group_key="\0"), sent("after"))
    assert await texts(journal, Search()) == ["after", "a␀b ✓", "before"]


async def test_while_the_database_is_locked_memory_is_bounded_and_the_oldest_are_lost_and_counted(
    tmp_path: Path, clock: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchkeeper.journal.journal.MOST_WAITING", 2000)
    file, registry = tmp_path / "control.db", CollectorRegistry()
    journal = Journal(ControlDatabase.at(f"sqlite:///{file}"), clock, registry, _unique())
    await journal.open()
    locking = sqlite3.connect(file, isolation_level=None)
    locking.execute("BEGIN EXCLUSIVE")
    for number in range(5000):
        journal.record(sent(f"{number}"))
    assert registry.get_sample_value("watchkeeper_journal_lost_entries_total") == 3000
    locking.execute("ROLLBACK")
    locking.close()
    assert await texts(journal, Search(limit=10_000)) == [f"{number}" for number in range(4999, 2999, -1)]
    await journal.close()
