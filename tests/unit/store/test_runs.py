"""Rows gathered by series without sorting are the rows that sorting would have given."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels import mantissa
from watchkeeper.store.native import Block
from watchkeeper.store.runs import Runs

Row = tuple[int, int, float]


def _block(rows: list[Row]) -> Block:
    series, times, values = (np.array(column) for column in zip(*rows, strict=True))
    mantissas, exponents = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=np.int8)
    places = np.zeros(int(series.max()) + 1, dtype=np.int8)
    mantissa.encode(values.astype(np.float64), series.astype(np.int32), places, mantissas, exponents)
    return Block(
        len(rows),
        {
            "series": series.astype(np.uint64),
            "timestamp": times.astype(np.int64),
            "mantissa": mantissas,
            "exponent": exponents,
        },
    )


def _sorted(blocks: list[list[Row]], ids: list[int]) -> list[list[Row]] | None:
    """The slow twin: each series' rows by time, or None where the engine's runs would overlap."""
    answer: list[list[Row]] = []
    for series in ids:
        runs: list[list[Row]] = []
        for rows in blocks:
            before: Row | None = None
            for row in rows:
                if row[0] == series and before is not None and before[0] == series and row[1] > before[1]:
                    runs[-1].append(row)
                elif row[0] == series:
                    runs.append([row])
                before = row
        runs.sort(key=lambda run: run[0][1])
        if any(b[0][1] <= a[-1][1] for a, b in pairwise(runs)):
            return None
        answer.append([row for run in runs for row in run])
    return answer


_rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 60), st.sampled_from([0.0, 1.5, -2.25, 1e300, float("inf")])),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[:2],
)


@given(st.lists(_rows, max_size=5), st.sets(st.integers(0, 6)), st.booleans())
def test_gathered_rows_are_those_that_sorting_gives(blocks: list[list[Row]], ids: set[int], as_parts: bool) -> None:
    if as_parts:
        # As the engine reads a part: by span of time, then series, then time.
        blocks = [sorted(rows, key=lambda row: (row[1] // 20, *row[:2])) for rows in blocks]
    wanted = sorted(ids)
    runs = Runs.of([_block(rows) for rows in blocks], np.array(wanted, dtype=np.uint64))
    expected = _sorted(blocks, wanted)
    if expected is None:
        assert runs is None
        return
    assert runs is not None
    assert np.diff(runs.offsets).tolist() == [len(rows) for rows in expected]
    assert runs.column("timestamp").tolist() == [row[1] for rows in expected for row in rows]
    assert runs.values().tolist() == [row[2] for rows in expected for row in rows]


def test_a_timestamp_written_twice_is_left_to_the_engine() -> None:
    blocks = [_block([(1, 10, 1.0), (1, 20, 1.0)]), _block([(1, 20, 2.0)])]
    assert Runs.of(blocks, np.array([1], dtype=np.uint64)) is None


def test_no_rows_are_no_samples() -> None:
    runs = Runs.of([], np.array([1, 2], dtype=np.uint64))
    assert runs is not None
    assert runs.offsets.tolist() == [0, 0, 0]
