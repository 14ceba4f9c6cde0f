"""Grouping, aggregation and choice against plain Python."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict

import numpy as np
import pytest
from csr_samples import TAME, VALUES, plain_quantile, same
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.aggregate import (
    Aggregation,
    fold_groups,
    mean_groups,
    quantile_groups,
    rows_by_group,
    sum_groups,
    variance_groups,
)
from watchkeeper.kernels.group import any_in_group, first_overlap, group_rows, merge_rows, pair_rows
from watchkeeper.kernels.topk import first_rows, top_rows

CODES = st.lists(st.tuples(st.integers(-3, 4), st.integers(-3, 4)), max_size=40)


@st.composite
def grouped(
    draw: st.DrawFn, values: st.SearchStrategy[float] = VALUES
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Groups, values and presence of a few rows by a few steps, and how many groups there are."""
    n, s, count = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    groups = np.array(draw(st.lists(st.integers(0, count - 1), min_size=n, max_size=n)), dtype=np.int64)
    cells = draw(st.lists(st.tuples(values, st.booleans()), min_size=n * s, max_size=n * s))
    return (
        groups,
        np.array([v for v, _ in cells], dtype=np.float64).reshape(n, s),
        np.array([p for _, p in cells], dtype=np.bool_).reshape(n, s),
        count,
    )


def members(groups: np.ndarray, present: np.ndarray, group: int, step: int) -> list[int]:
    return [i for i in range(groups.size) if groups[i] == group and present[i, step]]


@given(CODES)
def test_equal_rows_share_a_group_numbered_by_appearance(rows: list[tuple[int, int]]) -> None:
    codes = np.array(rows, dtype=np.int32).reshape(len(rows), 2)
    groups, firsts = group_rows(codes)
    seen: dict[tuple[int, int], int] = {}
    assert groups.tolist() == [seen.setdefault(row, len(seen)) for row in rows]
    assert [rows[i] for i in firsts.tolist()] == list(seen)


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12))
def test_pairs_are_all_rows_of_equal_group(left: list[int], right: list[int]) -> None:
    lefts, rights = pair_rows(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), 5)
    expected = [(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b]
    assert list(zip(lefts.tolist(), rights.tolist(), strict=True)) == expected


@given(grouped())
def test_presence_and_overlap_are_per_group_and_step(data: tuple) -> None:
    groups, _, present, count = data
    some = any_in_group(groups, present, count)
    crowded = False
    for group in range(count):
        for step in range(present.shape[1]):
            held = members(groups, present, group, step)
            assert some[group, step] == bool(held)
            crowded = crowded or len(held) > 1
    a, b, step = first_overlap(groups, present, count)
    assert (a >= 0) == crowded
    if a >= 0:
        assert groups[a] == groups[b]
        assert present[a, step]
        assert present[b, step]


def test_rows_that_do_not_meet_are_laid_together() -> None:
    values, present = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[True, False], [False, True]])
    out, found = np.full((1, 2), np.nan), np.zeros((1, 2), dtype=np.bool_)
    merge_rows(np.zeros(2, dtype=np.int64), values, present, out, found)
    assert out.tolist() == [[1.0, 2.0]]
    assert found.all()


@given(grouped(TAME))
def test_sums_means_and_variances_are_those_of_the_group(data: tuple) -> None:
    groups, values, present, count = data
    s = values.shape[1]
    plain = {
        sum_groups: math.fsum,
        mean_groups: lambda v: math.fsum(v) / len(v),
        variance_groups: statistics.pvariance,
    }
    for kernel, expected in plain.items():
        out, found = np.empty((count, s)), np.empty((count, s), dtype=np.bool_)
        for step in range(s):
            kernel(groups, values, present, step, step + 1, out, found)
        for group in range(count):
            for step in range(s):
                held = [float(values[i, step]) for i in members(groups, present, group, step)]
                assert found[group, step] == bool(held)
                if held:
                    assert same(out[group, step], expected(held), 1e-9)


@given(grouped())
def test_extremes_and_counts_are_those_of_the_group(data: tuple) -> None:
    groups, values, present, count = data
    s = values.shape[1]
    for how in Aggregation:
        out, found = np.empty((count, s)), np.empty((count, s), dtype=np.bool_)
        fold_groups(how.value, groups, values, present, 0, s, out, found)
        for group in range(count):
            for step in range(s):
                held = [float(values[i, step]) for i in members(groups, present, group, step)]
                numbers = [v for v in held if v == v]
                assert found[group, step] == bool(held)
                if not held:
                    continue
                expected = {
                    Aggregation.MIN: min(numbers, default=math.nan),
                    Aggregation.MAX: max(numbers, default=math.nan),
                    Aggregation.COUNT: float(len(held)),
                    Aggregation.GROUP: 1.0,
                }[how]
                assert same(out[group, step], expected)


@given(grouped(), st.sampled_from([0.0, 0.3, 0.5, 1.0, -1.0, 2.0, math.nan]))
def test_quantiles_are_those_of_the_group(data: tuple, q: float) -> None:
    groups, values, present, count = data
    s = values.shape[1]
    rows, starts = rows_by_group(groups, count)
    out, found = np.empty((count, s)), np.empty((count, s), dtype=np.bool_)
    quantile_groups(rows, starts, values, present, np.full(s, q), 0, s, out, found)
    for group in range(count):
        for step in range(s):
            held = [float(values[i, step]) for i in members(groups, present, group, step)]
            assert found[group, step] == bool(held)
            if held:
                assert same(out[group, step], plain_quantile(q, held))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@given(data=grouped(), k=st.integers(0, 5))
def test_the_best_of_each_group_are_kept(data: tuple, k: int, sign: float) -> None:
    groups, values, present, count = data
    n, s = values.shape
    rows, starts = rows_by_group(groups, count)
    keep = np.zeros((n, s), dtype=np.bool_)
    top_rows(rows, starts, values, present, np.full(s, k, dtype=np.int64), sign, 0, s, keep)
    for group in range(count):
        for step in range(s):
            held = members(groups, present, group, step)
            kept = [i for i in held if keep[i, step]]
            assert len(kept) == min(k, len(held))
            ranked = sorted((float(values[i, step]) for i in held), key=lambda v: (v != v, -sign * v))
            mine = sorted((float(values[i, step]) for i in kept), key=lambda v: (v != v, -sign * v))
            assert all(same(a, b) for a, b in zip(mine, ranked, strict=False))
    assert not (keep & ~present).any()


@given(grouped(), st.integers(0, 4))
def test_the_first_of_each_group_are_kept(data: tuple, k: int) -> None:
    groups, _, present, count = data
    n, s = present.shape
    keep = first_rows(groups, count, present, np.full(s, k, dtype=np.int64))
    for step in range(s):
        taken: dict[int, int] = defaultdict(int)
        for i in range(n):
            expected = bool(present[i, step]) and taken[int(groups[i])] < k
            taken[int(groups[i])] += expected
            assert keep[i, step] == expected
