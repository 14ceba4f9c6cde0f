"""The series notation of scripts (and of rules' unit tests)."""

import math

import numpy as np
import pytest

from watchkeeper.model.histogram import CUSTOM_BUCKETS, CounterReset
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE_BITS
from watchkeeper.query.promql.script import HistogramPoint, NotationFailure, Point, parse_series
from watchkeeper.query.promql.script.notation import parse_starts


def points(text: str) -> list[Point]:
    return list(parse_series("m " + text)[1])


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", {"__name__": "up"}),
        ("a:b{}", {"__name__": "a:b"}),
        ("up{job=\"x\", instance='y',}", {"__name__": "up", "job": "x", "instance": "y"}),
        ('{"my.metric", "a b"="c"}', {"__name__": "my.metric", "a b": "c"}),
        ('{__name__="up", le="+Inf"}', {"__name__": "up", "le": "+Inf"}),
        ('sum{by="\\u00e9\\""}', {"__name__": "sum", "by": 'é"'}),
        ("{}", {}),
    ],
)
def test_a_series_is_written_with_its_labels(text: str, labels: dict[str, str]):
    assert parse_series(text + " 1") == (Labels(labels), (1.0,))
    assert parse_series(text) == (Labels(labels), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2.5 -3 +4", [1, 2.5, -3, 4]),
        ("1x3", [1, 1, 1, 1]),
        ("1+2x3", [1, 3, 5, 7]),
        ("-1-0.5x2", [-1, -1.5, -2]),
        ("10-2x2 7", [10, 8, 6, 7]),
        ("1e3+1e2x1", [1000, 1100]),
        ("_ 1 _x2 2", [None, 1, None, None, 2]),
        ("1x0 _x0 2", [1, 2]),
        ("Inf -Inf +Inf", [math.inf, -math.inf, math.inf]),
        ("0x2", [0, 0, 0]),
        ("1\t2   3", [1, 2, 3]),
    ],
)
def test_values_are_expanded(text: str, expected: list[float | None]):
    assert points(text) == expected


def test_repeated_changes_are_added_up_one_by_one():
    assert points("0+0.1x3")[-1] == 0.1 + 0.1 + 0.1


def test_nan_and_stale_are_told_apart():
    nan, stale = points("NaN stale")
    assert isinstance(nan, float)
    assert math.isnan(nan)
    assert np.array([nan, stale]).view(np.uint64)[1] == STALE_BITS
    assert np.array([nan, stale]).view(np.uint64)[0] != STALE_BITS


def histogram(text: str) -> HistogramPoint:
    (point,) = points(text)
    assert isinstance(point, HistogramPoint)
    return point


def test_a_histogram_is_written_field_by_field():
    found = histogram(
        "{{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4.1 5] "
        "n_offset:-5 counter_reset_hint:gauge}}"
    )
    value = found.histogram
    assert (value.schema, value.sum, value.count) == (1, -0.3, 3.1)
    assert (value.zero_count, value.zero_threshold) == (7.1, 0.05)
    assert (value.positive.index.tolist(), value.positive.count.tolist()) == ([-3, -2, -1], [5.1, 10, 7])
    assert (value.negative.index.tolist(), value.negative.count.tolist()) == ([-5, -4], [4.1, 5])
    assert (value.reset, found.tells_reset) == (CounterReset.GAUGE, True)


def test_an_empty_histogram_says_nothing_of_resets():
    assert histogram("{{}}").tells_reset is False
    assert histogram("{{ }}").histogram.count == 0


def test_custom_buckets_have_bounds():
    value = histogram("{{schema:-53 sum:1 count:6 custom_values:[-Inf 5 10] buckets:[1 4 1]}}").histogram
    assert (value.schema, value.custom_values) == (CUSTOM_BUCKETS, (-math.inf, 5.0, 10.0))


def test_histograms_are_repeated_and_changed():
    grown = points("{{count:1 sum:2 buckets:[1]}}+{{count:1 sum:3 buckets:[1]}}x2")
    assert [(p.histogram.count, p.histogram.sum) for p in grown if isinstance(p, HistogramPoint)] == [
        (1, 2),
        (2, 5),
        (3, 8),
    ]
    assert len(points("{{}}x2 {{}} 1")) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1+2", "expected a repetition"),
        ("1 two", 'unexpected "two" in series values'),
        ("1x", 'unexpected "1x" in series values'),
        ("1x99999999999", "more than"),
        ("{{nonsense:1}}", "bad histogram descriptor"),
        ("{{sum:1 sum:2}}", 'duplicate key "sum"'),
        ("{{schema:one}}", '"one" is no whole number'),
        ("{{buckets:5}}", "expected a list"),
        ("{{sum}}", "expected histogram description key"),
        ("{{counter_reset_hint:perhaps}}", "bad counter reset hint"),
        ("{{schema:1}}+{{schema:0}}x2", "cannot merge from schema 0 to 1"),
        ("{{}}+{{}}", "expected a repetition"),
    ],
)
def test_other_values_are_refused(text: str, message: str):
    with pytest.raises(NotationFailure, match=message):
        points(text)


@pytest.mark.parametrize(
    "text", ["{a} 1", '{a="b" 1', '{a="b} 1', '{a="b"}1', "5", '{a="b" c="d"}', "{{}} 1", '{a="\\q"}']
)
def test_other_series_are_refused(text: str):
    with pytest.raises(NotationFailure):
        parse_series(text)


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("_ _ -30s-1mx2", [0, 0, 90_000, 90_000, 90_000]),
        ("-1mx2", [-60_000, 0, 60_000]),
        ("0 +1m 1ms _x2 -1m", [0, 120_000, 120_001, 0, 0, 240_000]),
    ],
)
def test_start_timestamps_are_written_relative_to_their_samples(text: str, starts: list[int]):
    assert list(parse_starts(text, 60_000)) == starts


@pytest.mark.parametrize("text", ["soon", "1m+1m", "5x"])
def test_other_start_timestamps_are_refused(text: str):
    with pytest.raises(NotationFailure):
        parse_starts(text, 60_000)
