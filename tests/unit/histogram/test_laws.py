"""What holds for any histogram: laws of arithmetic, round trips, fast paths against their plain twins."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from watchkeeper.model.histogram import (
    CUSTOM_BUCKETS,
    NO_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    add,
    almost_same,
    compact,
    detect_reset,
    digest,
    from_counts,
    from_deltas,
    negate,
    pack,
    reduce_schema,
    same,
    scale,
    subtract,
    to_deltas,
    to_spans,
    unpack,
    upper_bounds,
    validate,
    with_reset,
)
from watchkeeper.query.promql.histograms_aggregate import _one_by_one as one_by_one
from watchkeeper.query.promql.histograms_aggregate import aggregate
from watchkeeper.query.promql.histograms_folds import _single_folds as single_folds
from watchkeeper.query.promql.histograms_folds import folds
from watchkeeper.query.promql.histograms_read import fraction, quantile
from watchkeeper.query.promql.histograms_series import SeriesOutcome, Windows, rates
from watchkeeper.query.promql.histograms_series import _single_rates as single_rates

LOOSE = 1e-9
counts = st.integers(0, 1000).map(float)
hints = st.sampled_from(list(CounterReset))


@st.composite
def sides(draw: st.DrawFn, low: int = -12, high: int = 12) -> Buckets:
    index = sorted(draw(st.sets(st.integers(low, high), max_size=8)))
    if not index:
        return NO_BUCKETS
    return Buckets(np.array(index, dtype=np.int32), np.array([draw(counts) for _ in index]))


def _whole(h: Histogram, total: float) -> Histogram:
    count = float(h.positive.count.sum() + h.negative.count.sum()) + h.zero_count
    return Histogram(
        h.schema, count, total, h.zero_threshold, h.zero_count, h.positive, h.negative, h.custom_values, h.reset
    )


any_schema = st.integers(-4, 8)


def _outside(buckets: Buckets, schema: int, threshold: float) -> Buckets:
    """A client never counts into a bucket that lies in its zero bucket."""
    kept = upper_bounds(buckets.index - 1, schema) >= threshold
    return Buckets(buckets.index[kept], buckets.count[kept])


@st.composite
def exponential(draw: st.DrawFn, schemas: st.SearchStrategy[int] = any_schema) -> Histogram:
    schema = draw(schemas)
    threshold = draw(st.sampled_from([0.0, 2.938735877055719e-39, 0.001, 0.5, 1.0, 1.3]))
    h = Histogram(
        schema=schema,
        zero_threshold=threshold,
        zero_count=draw(counts),
        positive=_outside(draw(sides()), schema, threshold),
        negative=_outside(draw(sides()), schema, threshold),
        reset=draw(hints),
    )
    return _whole(h, float(draw(st.integers(-1000, 1000))))


@st.composite
def custom(draw: st.DrawFn) -> Histogram:
    bounds = tuple(
        sorted(draw(st.sets(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.5, 5.0, 10.0]), min_size=1, max_size=6)))
    )
    h = Histogram(schema=CUSTOM_BUCKETS, positive=draw(sides(0, len(bounds))), custom_values=bounds, reset=draw(hints))
    return _whole(h, float(draw(st.integers(-1000, 1000))))


histograms = st.one_of(exponential(), custom())
pairs = st.one_of(st.tuples(exponential(), exponential()), st.tuples(custom(), custom()))


@given(histograms)
def test_generated_histograms_are_valid(h: Histogram) -> None:
    validate(h, whole_counts=True)


@given(pairs)
def test_addition_commutes(pair: tuple[Histogram, Histogram]) -> None:
    a, b = pair
    assert almost_same(add(a, b).histogram, add(b, a).histogram, LOOSE)


@given(pairs)
def test_a_sum_counts_every_observation_once(pair: tuple[Histogram, Histogram]) -> None:
    total = add(*pair).histogram
    found = total.positive.count.sum() + total.negative.count.sum() + total.zero_count
    assert math.isclose(found, total.count)


@given(pairs)
def test_subtraction_undoes_addition(pair: tuple[Histogram, Histogram]) -> None:
    a, b = pair
    back = subtract(add(a, b).histogram, b).histogram
    layout = add(a, scale(b, 0.0)).histogram
    if back.zero_threshold == layout.zero_threshold:
        assert almost_same(back, layout, LOOSE)
    assert math.isclose(back.count, a.count)


@given(histograms)
def test_a_histogram_less_itself_is_empty(h: Histogram) -> None:
    rest = compact(subtract(h, h).histogram)
    assert rest.count == rest.sum == rest.zero_count == len(rest.positive) == len(rest.negative) == 0


@given(histograms)
def test_negating_twice_changes_nothing_but_the_hint(h: Histogram) -> None:
    twice = negate(negate(h))
    assert same(twice, h) or 0.0 in (h.count, h.sum, h.zero_count, *h.positive.count, *h.negative.count)
    assert twice.reset is CounterReset.GAUGE


@given(exponential(), st.data())
def test_reducing_in_two_steps_is_reducing_in_one(h: Histogram, data: st.DataObject) -> None:
    middle = data.draw(st.integers(-4, h.schema))
    target = data.draw(st.integers(-4, middle))
    assert same(reduce_schema(reduce_schema(h, middle), target), reduce_schema(h, target))


@given(pairs)
def test_what_only_grew_was_not_reset(pair: tuple[Histogram, Histogram]) -> None:
    a, b = pair
    grown = with_reset(add(a, b).histogram, CounterReset.UNKNOWN)
    if grown.schema == a.schema and grown.zero_threshold == a.zero_threshold:
        assert not detect_reset(a, grown)


@given(st.lists(histograms, max_size=6))
def test_columns_give_back_what_was_packed(many: list[Histogram]) -> None:
    back = unpack(pack(many))
    assert len(back) == len(many)
    for a, b in zip(many, back, strict=True):
        assert same(a, b)
        assert a.reset is b.reset
        assert digest(a) == digest(b)


def test_columns_keep_the_staleness_marker() -> None:
    stale = float(np.array([0x7FF0000000000002], dtype=np.uint64).view(np.float64)[0])
    (back,) = unpack(pack([Histogram(sum=stale)]))
    assert np.array([back.sum]).view(np.uint64)[0] == 0x7FF0000000000002


@given(sides())
def test_spans_give_back_the_buckets(buckets: Buckets) -> None:
    for back in (from_counts(*to_spans(buckets)), from_deltas(*to_deltas(buckets))):
        assert back.index.tolist() == buckets.index.tolist()
        assert back.count.tolist() == buckets.count.tolist()


@given(histograms, st.floats(0, 1), st.floats(0, 1))
def test_quantiles_rise_with_q(h: Histogram, p: float, q: float) -> None:
    p, q = sorted((p, q))
    low, high = quantile(p, h).value, quantile(q, h).value
    assert low is not None
    assert high is not None
    assert math.isnan(low) == math.isnan(high) == (h.count == 0)
    assert math.isnan(low) or low <= high * (1 + 1e-9) + 1e-300 or math.isclose(low, high, rel_tol=1e-9)


@given(exponential(), st.floats(0.01, 0.99))
def test_the_fraction_below_a_quantile_is_q(h: Histogram, q: float) -> None:
    if h.count == 0:
        return
    at = quantile(q, h).value
    assert at is not None
    below, upto = fraction(-math.inf, at, h).value, fraction(-math.inf, math.nextafter(at, math.inf), h).value
    assert below is not None
    assert upto is not None
    assert below - 1e-6 <= q <= upto + 1e-6


@st.composite
def grids(draw: st.DrawFn) -> list[list[Histogram | None]]:
    schema = draw(st.integers(-1, 2))
    cell = st.one_of(st.none(), exponential(st.just(schema)) if draw(st.booleans()) else custom())
    steps = draw(st.integers(1, 3))
    return draw(st.lists(st.lists(cell, min_size=steps, max_size=steps), min_size=1, max_size=4))


@given(grids(), st.booleans())
def test_aggregating_in_bulk_is_adding_one_by_one(rows: list[list[Histogram | None]], mean: bool) -> None:
    steps = len(rows[0])
    fast, slow = aggregate(rows, steps, mean=mean), one_by_one(rows, steps, mean=mean)
    assert fast.notes == slow.notes
    for a, b in zip(fast.values, slow.values, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert almost_same(a, b, LOOSE)
            assert a.reset is b.reset


@st.composite
def one_series(draw: st.DrawFn) -> Windows:
    """Up to eight samples a quarter of a minute apart, perhaps of one layout, perhaps with start timestamps."""
    samples = draw(st.lists(exponential(st.just(1)), min_size=1, max_size=8))
    if draw(st.booleans()):
        samples = [Histogram(1, h.count, h.sum, 0.0, 0.0, h.positive, h.negative, (), h.reset) for h in samples]
    times = np.arange(1, len(samples) + 1, dtype=np.int64) * 15_000
    ends = np.arange(10_000, 200_000, 20_000, dtype=np.int64)
    known = st.sampled_from([0, 1, 12_000, 15_000, 16_000, 30_000, 45_000, 50_000, 75_000])
    return Windows(
        times=times,
        histograms=samples,
        begins=np.searchsorted(times, ends - 60_000, side="right"),
        ends=np.searchsorted(times, ends, side="right"),
        range_starts=ends - 60_000,
        range_ends=ends,
        seconds=60.0,
        starts=np.array([draw(known) for _ in samples]) if draw(st.booleans()) else None,
    )


@settings(max_examples=150)
@given(one_series(), st.booleans(), st.booleans())
def test_functions_of_all_windows_are_those_of_each(windows: Windows, is_counter: bool, is_rate: bool) -> None:
    each = range(len(windows))
    _agree(
        rates(windows, is_counter=is_counter, is_rate=is_rate),
        single_rates(windows, each, is_counter=is_counter, is_rate=is_rate),
    )
    _agree(folds(windows, mean=is_rate), single_folds(windows, _held(windows), mean=is_rate))


def _held(windows: Windows) -> NDArray[np.intp]:
    return np.flatnonzero(windows.ends > windows.begins)


def _agree(fast: SeriesOutcome, slow: SeriesOutcome) -> None:
    assert fast.notes == slow.notes
    for a, b in zip(fast.values, slow.values, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert almost_same(a, b, LOOSE)
            assert a.reset is b.reset
