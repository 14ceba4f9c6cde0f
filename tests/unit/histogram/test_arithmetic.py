"""Adding, subtracting and scaling."""

from __future__ import annotations

import numpy as np
import pytest

from watchkeeper.model.histogram import (
    CUSTOM_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    HistogramsIncompatible,
    add,
    compact,
    divide,
    negate,
    scale,
    subtract,
    to_literal,
)


def dense(*counts: float, offset: int = 0) -> Buckets:
    index = np.arange(offset, offset + len(counts), dtype=np.int32)
    return Buckets(index, np.array(counts, dtype=np.float64))


def test_buckets_of_either_histogram_appear_in_the_sum() -> None:
    a = Histogram(schema=0, sum=5, count=4, positive=dense(1, 2, 1))
    b = Histogram(schema=0, sum=-5, count=4, negative=dense(1, 2, 1))
    assert to_literal(add(a, b).histogram) == "{{count:8 buckets:[1 2 1] n_buckets:[1 2 1]}}"


def test_the_coarser_schema_wins() -> None:
    a = Histogram(schema=-1, sum=4, count=1, positive=dense(1, offset=1))
    b = Histogram(schema=0, sum=4, count=4, positive=dense(2, 2, offset=1))
    assert to_literal(add(a, b).histogram) == "{{schema:-1 count:5 sum:8 offset:1 buckets:[5]}}"
    assert to_literal(add(b, a).histogram) == "{{schema:-1 count:5 sum:8 offset:1 buckets:[5]}}"


def test_a_wider_zero_bucket_swallows_the_others_small_buckets() -> None:
    wide = Histogram(schema=0, count=2, zero_threshold=1.0, zero_count=2)
    narrow = Histogram(schema=0, count=5, zero_threshold=0.001, zero_count=1, positive=dense(1, 2, 1, offset=-1))
    total = add(narrow, wide).histogram
    assert (total.zero_threshold, total.zero_count) == (1.0, 2 + 1 + 1 + 2)
    assert total.positive.index.tolist() == [1]


def test_a_zero_threshold_inside_a_populated_bucket_moves_to_its_far_bound() -> None:
    wide = Histogram(schema=0, count=2, zero_threshold=1.5, zero_count=2)
    narrow = Histogram(schema=0, count=5, zero_threshold=0.001, zero_count=1, positive=dense(1, 2, 1, offset=0))
    total = add(wide, narrow).histogram
    assert (total.zero_threshold, total.zero_count) == (2.0, 2 + 1 + 1 + 2)


def test_unlike_custom_bounds_are_reduced_to_the_shared_ones() -> None:
    a = Histogram(CUSTOM_BUCKETS, count=15, sum=55, positive=dense(1, 2, 5, 7), custom_values=(2.0, 4.0, 6.0))
    b = Histogram(
        CUSTOM_BUCKETS,
        count=450,
        sum=555,
        positive=dense(10, 20, 30, 40, 50, 60, 70, 80, 90),
        custom_values=tuple(float(i) for i in range(1, 9)),
    )
    difference = subtract(b, a)
    assert difference.bounds_reconciled
    expected = "{{schema:-53 count:435 sum:500 custom_values:[2 4 6] buckets:[29 68 105 233]}}"
    assert to_literal(difference.histogram) == expected


def test_exponential_and_custom_buckets_do_not_mix() -> None:
    custom = Histogram(CUSTOM_BUCKETS, custom_values=(1.0,))
    with pytest.raises(HistogramsIncompatible):
        add(Histogram(), custom)
    with pytest.raises(HistogramsIncompatible):
        subtract(custom, Histogram())


@pytest.mark.parametrize(
    ("a", "b", "expected", "conflicting"),
    [
        (CounterReset.YES, CounterReset.YES, CounterReset.YES, False),
        (CounterReset.YES, CounterReset.NO, CounterReset.UNKNOWN, True),
        (CounterReset.NO, CounterReset.GAUGE, CounterReset.GAUGE, False),
        (CounterReset.UNKNOWN, CounterReset.NO, CounterReset.UNKNOWN, False),
    ],
)
def test_hints_combine(a: CounterReset, b: CounterReset, expected: CounterReset, conflicting: bool) -> None:
    for x, y in ((a, b), (b, a)):
        total = add(Histogram(reset=x), Histogram(reset=y))
        assert (total.histogram.reset, total.conflicting_resets) == (expected, conflicting)


def test_a_negative_factor_makes_a_gauge() -> None:
    h = Histogram(count=4, sum=4, positive=dense(1, 2, 1))
    assert to_literal(negate(h)) == "{{count:-4 sum:-4 counter_reset_hint:gauge buckets:[-1 -2 -1]}}"
    assert scale(h, 2).reset is CounterReset.UNKNOWN
    assert divide(h, -2).reset is CounterReset.GAUGE


def test_division_by_zero_leaves_no_bucket() -> None:
    h = divide(Histogram(count=4, sum=0, zero_count=1, positive=dense(1, 2, 1)), 0)
    assert to_literal(h) == "{{count:+Inf sum:NaN z_bucket:+Inf}}"


def test_compact_drops_empty_buckets_only() -> None:
    h = compact(Histogram(positive=dense(0, 1, 0, 2, 0)))
    assert h.positive.index.tolist() == [1, 3]
