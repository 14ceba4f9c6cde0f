"""Counter-reset hints of samples that are read for their count and sum only."""

from __future__ import annotations

import pytest

from watchkeeper.model.histogram import CounterReset, Histogram
from watchkeeper.query.promql import parse
from watchkeeper.query.promql.ast import VectorSelector, walk
from watchkeeper.query.promql.histograms_hints import added_up_for_totals, compared


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("histogram_count(sum(a))", {"a"}),
        ("histogram_sum(sum(a) - b)", {"a", "b"}),
        ("histogram_avg(avg_over_time(a[5m])) / histogram_quantile(0.9, sum(b))", {"a"}),
        ("histogram_count(sum(a unless histogram_quantile(0.5, b) < 3))", {"a"}),
        ("histogram_count(a)", set()),
        ("sum(histogram_count(a))", set()),
        ("histogram_count(sum(rate(a[5m])))", set()),
        ("histogram_quantile(0.5, a unless histogram_count(sum(b)) == 0)", set()),
        ("histogram_count(sum_over_time(a[40m:9m]))", set()),
        ("histogram_count(sum(a </ 2))", set()),
        ("sum(a)", set()),
    ],
)
def test_which_selectors_are_added_up_for_totals(query: str, names: set[str]) -> None:
    expr = parse(query)
    found = added_up_for_totals(expr)
    assert {part.name for part in walk(expr) if isinstance(part, VectorSelector) and id(part) in found} == names


def test_unknown_hints_are_settled_by_comparing() -> None:
    series = [
        Histogram(count=1),
        Histogram(count=2, reset=CounterReset.NO),
        Histogram(count=1),
        Histogram(count=1),
        Histogram(count=1, reset=CounterReset.GAUGE),
    ]
    assert [h.reset for h in compared(series)] == [
        CounterReset.UNKNOWN,
        CounterReset.NO,
        CounterReset.YES,
        CounterReset.NO,
        CounterReset.GAUGE,
    ]
