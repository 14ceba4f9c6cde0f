"""Single numbers that Prometheus itself answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watchkeeper.model.histogram import (
    CUSTOM_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    HistogramMean,
    HistogramSum,
    InvalidHistogram,
    Span,
    detect_reset,
    from_classic,
    from_counts,
    from_deltas,
    known_schema,
    stored_hints,
    to_json,
    to_literal,
    to_text,
    trim,
    upper_bounds,
    validate,
)
from watchkeeper.model.histogram.digits import general, sample
from watchkeeper.query.promql.histograms import Note
from watchkeeper.query.promql.histograms_extended import extended
from watchkeeper.query.promql.histograms_read import deviation, fraction, quantile, variance
from watchkeeper.query.promql.histograms_window import Window, extrapolated, instant_change, started_anew


def dense(*counts: float, offset: int = 0) -> Buckets:
    index = np.arange(offset, offset + len(counts), dtype=np.int32)
    return Buckets(index, np.array(counts, dtype=np.float64))


ONE_SIDED = Histogram(count=12, sum=100, zero_count=2, zero_threshold=0.001, positive=dense(2, 3, 0, 1, 4))
MIRRORED = Histogram(count=12, sum=100, zero_count=2, zero_threshold=0.001, negative=dense(2, 3, 0, 1, 4))


def test_bounds_have_prometheus_last_bit() -> None:
    index = np.array([-1, 0, 1, 2], dtype=np.int32)
    assert upper_bounds(index, 1).tolist() == [0.7071067811865475, 1.0, 1.414213562373095, 2.0]
    assert upper_bounds(index, -2).tolist() == [0.0625, 1.0, 16.0, 256.0]
    assert upper_bounds(np.array([1024, 1025], dtype=np.int32), 0).tolist() == [1.7976931348623157e308, math.inf]
    assert upper_bounds(np.array([-1, 0, 2], dtype=np.int32), CUSTOM_BUCKETS, (1.0, 2.0)).tolist() == [
        -math.inf,
        1.0,
        math.inf,
    ]


@pytest.mark.parametrize(
    ("h", "q", "expected"),
    [
        (ONE_SIDED, 0.08333333333333333, 0.0005),
        (ONE_SIDED, 0.6320802083934297, 6.0),
        (MIRRORED, 1.0, 0.0),
        (MIRRORED, 0.99, -0.00006),
        (MIRRORED, 0.5, -1.5874010519681996),
        (MIRRORED, 0.1, -12.996038341699768),
        (MIRRORED, 0.0, -16.0),
        (MIRRORED, -1.0, -math.inf),
        (MIRRORED, 1.001, math.inf),
    ],
)
def test_quantiles(h: Histogram, q: float, expected: float) -> None:
    assert quantile(q, h).value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("h", "lower", "upper", "expected"),
    [
        (ONE_SIDED, -math.inf, 0, 0.0),
        (ONE_SIDED, 0, 0.001, 0.16666666666666666),
        (ONE_SIDED, 1.5, 2, 0.10375937481971091),
        (ONE_SIDED, 1, 6, 0.29874687506009634),
        (ONE_SIDED, 42, 3.1415, 0.0),
        (MIRRORED, -math.inf, -6, 0.36791979160657035),
        (MIRRORED, -0.001, 0, 0.16666666666666666),
    ],
)
def test_fractions(h: Histogram, lower: float, upper: float, expected: float) -> None:
    assert fraction(lower, upper, h).value == pytest.approx(expected, rel=1e-12)


def test_nan_observations_are_remarked() -> None:
    all_nan = Histogram(count=3, sum=math.nan)
    some_nan = Histogram(count=15, sum=math.nan, positive=dense(12))
    assert quantile(0.4, all_nan).notes == {Note.QUANTILE_IS_NAN}
    skewed = quantile(0.4, some_nan)
    assert (skewed.value, skewed.notes) == (pytest.approx(0.7071067811865475), {Note.QUANTILE_IS_SKEWED})
    assert quantile(0.81, some_nan).notes == {Note.QUANTILE_IS_NAN}
    assert fraction(-math.inf, math.inf, some_nan).value == 0.8
    assert fraction(-math.inf, math.inf, all_nan).notes == {Note.FRACTION_WITHOUT_NAN}


def test_variance_and_deviation() -> None:
    h = Histogram(schema=2, count=4, sum=10, positive=dense(1, 0, 0, 0, 1, 0, 0, 1, 1))
    assert deviation(h) == pytest.approx(1.0787993180043811)
    assert variance(h) == pytest.approx(1.163807968526718)
    assert math.isnan(variance(Histogram()))


def test_a_rate_extrapolates_and_becomes_a_gauge() -> None:
    step = Histogram(1, 9, 18.4, 0.001, 1, dense(1, 1, 0, 1, 1), dense(1, 1, 0, 1, 1))
    samples = [HistogramSum(step)]
    for _ in range(2):
        samples[0].add(step)
    series = [step, _times(step, 2), _times(step, 3)]
    window = Window([15_000, 30_000, 45_000], series, 0, 45_000, 45.0)
    outcome = extrapolated(window, is_counter=True, is_rate=True)
    assert outcome.value is not None
    assert outcome.value.reset is CounterReset.GAUGE
    assert outcome.value.count == pytest.approx(0.6)


def _times(h: Histogram, n: int) -> Histogram:
    total = HistogramSum(h)
    for _ in range(n - 1):
        total.add(h)
    return total.result()


def test_a_reset_of_one_bucket_is_found() -> None:
    series = [
        Histogram(count=4, sum=5, positive=dense(1, 2, 1)),
        Histogram(count=5, sum=6, positive=dense(1, 1, 3)),
        Histogram(count=6, sum=7, positive=dense(1, 2, 3)),
    ]
    assert detect_reset(series[0], series[1])
    assert not detect_reset(series[1], series[2])
    window = Window([0, 300_000, 600_000], series, -300_000, 600_000, 900.0)
    increase = extrapolated(window, is_counter=True, is_rate=False).value
    assert increase is not None
    assert to_literal(increase) == "{{count:9 sum:10.5 counter_reset_hint:gauge buckets:[1.5 3 4.5]}}"


def test_instant_rates_reconcile_custom_bounds() -> None:
    before = Histogram(CUSTOM_BUCKETS, 15, 55, positive=dense(1, 2, 5, 7), custom_values=(2.0, 4.0, 6.0))
    after = Histogram(
        CUSTOM_BUCKETS,
        450,
        555,
        positive=dense(10, 20, 30, 40, 50, 60, 70, 80, 90),
        custom_values=tuple(float(i) for i in range(1, 9)),
    )
    outcome = instant_change(Window([0, 60_000], [before, after], 0, 60_000, 60.0), is_rate=True)
    assert outcome.notes == {Note.RECONCILED_IN_SUBTRACTION}
    assert outcome.value is not None
    assert outcome.value.positive.count * 60 == pytest.approx([29, 68, 105, 233])


def test_a_smoothed_range_does_not_count_a_reset_twice() -> None:
    counts = [(10, CounterReset.UNKNOWN), (5, CounterReset.YES), (2, CounterReset.YES), (4, CounterReset.UNKNOWN)]
    series = [Histogram(count=c, sum=c, positive=dense(c), reset=hint) for c, hint in counts]
    window = Window([0, 10_000, 20_000, 30_000], series, 1_000, 15_000, 14.0)
    outcome = extended(window, smoothed=True, is_counter=True, is_rate=False)
    assert outcome.value is not None
    assert outcome.value.count == pytest.approx(5.5)


@pytest.mark.parametrize(
    ("start_before", "time_before", "start", "time", "anew"),
    [
        (0, 10, 10, 20, False),
        (10, 10, 10, 20, False),
        (5, 10, 10, 20, True),
        (15, 10, 10, 20, False),
        (5, 10, 15, 20, True),
        (5, 10, 5, 20, False),
        (5, 10, 20, 20, False),
        (5, 10, 0, 20, False),
    ],
)
def test_start_timestamps_tell_of_resets(
    start_before: int, time_before: int, start: int, time: int, anew: bool
) -> None:
    assert started_anew(start_before, time_before, start, time) is anew


def test_small_sums_survive_large_ones() -> None:
    total = HistogramSum(Histogram(count=1, sum=1))
    mean = HistogramMean(Histogram(count=1, sum=1))
    for count, amount in ((2, 1e100), (3, 1), (4, -1e100)):
        total.add(Histogram(count=count, sum=amount))
        mean.add(Histogram(count=count, sum=amount))
    assert (total.result().count, total.result().sum) == (10, 2)
    assert (mean.result().count, mean.result().sum) == (2.5, 0.5)


def test_a_mean_survives_a_sum_that_overflows() -> None:
    mean = HistogramMean(Histogram(count=1.7976931348623157e308, sum=5.3))
    for count, amount in ((1e308, 1e100), (1e-6, 1), (1e-6, -1e100), (1e-6, 2), (1e-6, 0), (1e-6, 0)):
        mean.add(Histogram(count=count, sum=amount))
    assert mean.result().count == pytest.approx(3.9967044783747367e307)
    assert mean.result().sum == pytest.approx(1.1857142857142857)


def test_texts() -> None:
    h = Histogram(1, 7.5, 1e6, 0.001, 2, dense(1, 0, 2), dense(2.5, offset=1), reset=CounterReset.NO)
    assert to_text(h) == (
        "{count:7.5, sum:1e+06, [-1.414213562373095,-1):2.5, [-0.001,0.001]:2, "
        "(0.7071067811865475,1]:1, (1.414213562373095,2]:2}"
    )
    assert to_literal(h) == (
        "{{schema:1 count:7.5 sum:1e+06 z_bucket:2 z_bucket_w:0.001 counter_reset_hint:not_reset "
        "buckets:[1 0 2] n_offset:1 n_buckets:[2.5]}}"
    )
    assert to_json(h) == {
        "count": "7.5",
        "sum": "1000000",
        "buckets": [
            [1, "-1.414213562373095", "-1", "2.5"],
            [3, "-0.001", "0.001", "2"],
            [0, "0.7071067811865475", "1", "1"],
            [0, "1.414213562373095", "2", "2"],
        ],
    }
    custom = Histogram(CUSTOM_BUCKETS, 3, 5, positive=dense(1, 2), custom_values=(0.5,))
    assert to_text(custom) == "{count:3, sum:5, [-Inf,0.5]:1, (0.5,+Inf]:2}"
    assert to_json(Histogram(sum=math.nan)) == {"count": "0", "sum": "NaN"}


@pytest.mark.parametrize(
    ("value", "in_general", "as_sample"),
    [
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (123456.0, "123456", "123456"),
        (1e6, "1e+06", "1000000"),
        (0.0001, "0.0001", "0.0001"),
        (0.00001, "1e-05", "0.00001"),
        (1e-7, "1e-07", "1e-07"),
        (1.25e21, "1.25e+21", "1.25e+21"),
        (-1234.5, "-1234.5", "-1234.5"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN"),
    ],
)
def test_digits(value: float, in_general: str, as_sample: str) -> None:
    assert (general(value), sample(value)) == (in_general, as_sample)


BOTH_SIDES = Histogram(
    count=34, sum=123.75, zero_count=1, zero_threshold=0.001, positive=dense(2, 4, 8, 16), negative=dense(1, 2)
)


@pytest.mark.parametrize(
    ("threshold", "keep_below", "expected"),
    [
        (math.inf, True, to_literal(BOTH_SIDES)),
        (math.inf, False, "{{z_bucket_w:0.001}}"),
        (-math.inf, True, "{{z_bucket_w:0.001}}"),
        (
            0.0,
            False,
            "{{count:30.5 sum:120.20840280171308 z_bucket:0.5 z_bucket_w:0.001 buckets:[2 4 8 16]}}",
        ),
        (
            0.0,
            True,
            "{{count:3.5 sum:-3.5357839059327377 z_bucket:0.5 z_bucket_w:0.001 n_buckets:[1 2]}}",
        ),
    ],
)
def test_trimming(threshold: float, keep_below: bool, expected: str) -> None:
    trimmed = trim(BOTH_SIDES, threshold, keep_below=keep_below)
    literal = to_literal(trimmed)
    assert literal.split(" sum:")[0] == expected.split(" sum:")[0]
    assert len(literal.split()) == len(expected.split())
    if " sum:" in expected:
        assert trimmed.sum == pytest.approx(float(expected.split(" sum:")[1].split(" ")[0]))


def test_classic_buckets_become_custom_ones() -> None:
    h = from_classic([(math.inf, 18), (1, 1), (2, 3), (2, 5), (4, 3)], count=18, total=7)
    assert to_literal(h) == "{{schema:-53 count:18 sum:7 custom_values:[1 2 4] buckets:[1 2 0 15]}}"
    assert to_literal(from_classic([(1, 1)])) == "{{schema:-53 count:1 custom_values:[1] buckets:[1]}}"


@pytest.mark.parametrize(
    ("buckets", "count", "message"),
    [
        ([(math.nan, 1.0)], None, "bucket boundary must not be NaN"),
        ([(1.0, -1.0)], None, "bucket count must be non-negative: le=1, count=-1"),
        ([(1.0, 3.0), (2.0, 2.0)], None, "count is not cumulative: 2 < 3"),
        ([], None, "count must be provided when no buckets are present"),
        ([(math.inf, 3.0)], 4.0, "count mismatch: count=4 != le=+Inf count=3"),
        ([], -1.0, "count must be non-negative: count=-1"),
    ],
)
def test_contradictory_classic_buckets_are_refused(
    buckets: list[tuple[float, float]], count: float | None, message: str
) -> None:
    with pytest.raises(InvalidHistogram, match=f"^{message.replace('+', '[+]')}$"):
        from_classic(buckets, count)


def test_hints_come_back_as_a_database_gives_them() -> None:
    series = [
        Histogram(count=1, reset=CounterReset.NO),
        Histogram(count=2),
        Histogram(count=1),
        Histogram(count=2, reset=CounterReset.YES),
        Histogram(count=3),
        Histogram(count=3, reset=CounterReset.GAUGE),
    ]
    assert [h.reset for h in stored_hints(series)] == [
        CounterReset.UNKNOWN,
        CounterReset.NO,
        CounterReset.UNKNOWN,
        CounterReset.UNKNOWN,
        CounterReset.NO,
        CounterReset.GAUGE,
    ]


def test_spans_and_deltas_unroll() -> None:
    buckets = from_deltas([Span(-2, 2), Span(1, 1)], [1, 2, -1])
    assert (buckets.index.tolist(), buckets.count.tolist()) == ([-2, -1, 1], [1, 3, 2])


@pytest.mark.parametrize(
    ("spans", "counts", "message"),
    [
        ([Span(0, 2)], [1.0], "spans need 2 buckets, have 1 buckets"),
        ([Span(0, 1), Span(-1, 1)], [1.0, 1.0], "span number 2 with offset -1"),
        ([Span(0, 2)], [1.0, -1.0], "bucket number 2 has observation count of -1"),
        ([Span(2**31 - 1, 2)], [1.0, 1.0], "index does not fit"),
        ([Span(0, 2**31)], [], "spans need 2147483648 buckets, have 0"),
    ],
)
def test_spans_that_do_not_fit_are_refused(spans: list[Span], counts: list[float], message: str) -> None:
    with pytest.raises(InvalidHistogram, match=message):
        from_counts(spans, counts)


@pytest.mark.parametrize(
    ("h", "message"),
    [
        (Histogram(schema=9), "histogram has an invalid schema, .* got schema 9"),
        (Histogram(count=-1), "observation count is -1"),
        (Histogram(zero_count=-1), "zero bucket has observation count of -1"),
        (Histogram(negative=dense(-1)), "negative side: bucket number 1"),
        (Histogram(positive=dense(1, -2)), "positive side: bucket number 2 has observation count of -2"),
        (Histogram(custom_values=(1.0,)), "exponential schema must not have custom bounds"),
        (Histogram(count=3, positive=dense(1, 1)), "2 observations found in buckets, but the Count field is 3"),
        (Histogram(count=1, sum=math.nan, positive=dense(1, 1)), "should be at least"),
        (Histogram(CUSTOM_BUCKETS, custom_values=(2.0, 1.0)), "previous bound is 2.000000 and current is 1.000000"),
        (Histogram(CUSTOM_BUCKETS, custom_values=(math.inf,)), "last [+]Inf bound must not be explicitly defined"),
        (Histogram(CUSTOM_BUCKETS, custom_values=(math.nan,)), "must not be NaN"),
        (Histogram(CUSTOM_BUCKETS, zero_count=1), "must have zero count of 0"),
        (Histogram(CUSTOM_BUCKETS, zero_threshold=1), "must have zero threshold of 0"),
        (Histogram(CUSTOM_BUCKETS, negative=dense(1)), "must not have negative buckets"),
        (Histogram(CUSTOM_BUCKETS, positive=dense(1, 1)), "only 0 custom bounds defined"),
        (Histogram(CUSTOM_BUCKETS, positive=dense(1, offset=-1)), "span number 1 with offset -1"),
    ],
)
def test_inconsistent_histograms_are_refused(h: Histogram, message: str) -> None:
    with pytest.raises(InvalidHistogram, match=message):
        validate(h, whole_counts=True)


def test_finer_schemas_than_we_store_are_reduced() -> None:
    assert known_schema(Histogram(schema=12, count=1, positive=dense(1))).schema == 8
    assert known_schema(Histogram(schema=3)).schema == 3
    for schema in (53, -5, -10):
        with pytest.raises(InvalidHistogram, match="unknown schema"):
            known_schema(Histogram(schema=schema))
