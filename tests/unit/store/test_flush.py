"""Segments into the engine: sorted as the tables are, each row once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels import by_series
from watchkeeper.model.labels import Labels
from watchkeeper.store import FREE, LogOptions, Store, StoreOptions
from watchkeeper.store.flush import sorted_rows
from watchkeeper.store.log import Log

NOW = 1_763_700_000_000
SPAN = 7_200_000
Make = Callable[..., Any]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(-2, 90), st.sampled_from([0, 1, SPAN - 1])),
        min_size=1,
        max_size=80,
    )
)
def test_rows_are_sorted_as_their_table_and_the_last_written_stays(rows: list[tuple[int, int, int, int]]) -> None:
    tenants = np.array([row[0] for row in rows], dtype=np.int32)
    # A series belongs to one tenant.
    ids = np.array([row[0] * 10 + row[1] for row in rows], dtype=np.uint64) * np.uint64(1 << 59)
    times = np.array([row[2] * SPAN + row[3] for row in rows], dtype=np.int64)
    order = sorted_rows(tenants, ids, times)
    obvious = sorted(range(len(rows)), key=lambda i: (tenants[i], times[i] // SPAN, ids[i], times[i]))
    assert order.tolist() == [
        i for n, i in enumerate(obvious) if n + 1 == len(obvious) or rows[obvious[n + 1]] != rows[i]
    ]


@given(st.lists(st.tuples(st.one_of(st.integers(0, 60), st.integers(0, 1 << 64 - 1)), st.integers(0, 3)), max_size=200))
def test_rows_of_any_ids_in_any_order_come_by_series_and_time(rows: list[tuple[int, int]]) -> None:
    ids = np.array([id_ for id_, _ in rows], dtype=np.uint64)
    times = np.array([time for _, time in rows], dtype=np.int64)
    order = np.empty(len(rows), dtype=np.int64)
    kept = order[: by_series.order(ids, times, order)]
    last = {row: i for i, row in enumerate(rows)}
    assert kept.tolist() == [last[row] for row in sorted(last)]


@pytest.mark.parametrize("log", ["log"], indirect=True)
async def test_what_a_process_left_in_its_log_is_stored_once_however_often_it_is_replayed(
    opened: Make, batch_of: Make, named: Make, plain: Make, log: LogOptions
) -> None:
    options = StoreOptions(policy_of=lambda _tenant: FREE)
    up = {"__name__": "up"}
    async with opened(options) as store:
        await store.append(batch_of(store, (up, NOW - 2000, 1.0), (up, NOW - 1000, 2.0), (up, NOW - 86_400_000, 0.0)))
        await store.append(batch_of(store, (up, NOW - 2000, 10.0), tenant="other"))
        (path,) = log.folder.glob("*.log")
        left = path.read_bytes()
    for _ in range(3):
        # As after a death between the inserts and the deletion of the segment.
        path.write_bytes(left)
        async with opened(options) as store:
            assert Log(log.folder).open() == []
            assert plain(store.select(named("up", 0, NOW))) == {
                Labels(up): [(NOW - 86_400_000, 0.0), (NOW - 2000, 1.0), (NOW - 1000, 2.0)]
            }
            rows = store.client.query("SELECT count() AS n FROM samples_raw")
            assert int(rows.array("n")[0]) == 4


@pytest.mark.parametrize("log", ["log"], indirect=True)
async def test_many_commits_are_one_part_of_each_day(store: Store, batch_of: Make) -> None:
    for i in range(30):
        await store.append(batch_of(store, ({"__name__": "m", "i": str(i)}, NOW - i, 1.0)))
    await asyncio.to_thread(store.flush)
    for table in ("series_raw", "series_activity", "samples_raw"):
        parts = store.client.query(
            "SELECT sum(rows) AS rows, count() AS parts FROM system.parts WHERE active AND "
            f"database = currentDatabase() AND table = '{table}'"
        )
        assert (int(parts.array("rows")[0]), int(parts.array("parts")[0])) == (30, 1)
