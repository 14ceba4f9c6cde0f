"""Orders: natural, by label sets, by value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import Labels
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql.order import sorted_rows
from watchkeeper.query.promql.sorting import natural_order
from watchkeeper.query.promql.symbols import QuerySymbols

LABELS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", "x"]), max_size=4)


@given(st.lists(LABELS, min_size=33, max_size=60))
def test_many_series_are_sorted_as_prometheus_compares_label_sets(series: list[dict[str, str]]) -> None:
    labels = [Labels(each) for each in series]
    symbols = Symbols()
    frame = LabelFrame.of(symbols, labels)
    query = QuerySymbols(symbols)
    order = sorted_rows(query, query.adopted(frame))
    assert order is not None or not frame.names
    ordered = labels if order is None else [labels[i] for i in order.tolist()]
    assert ordered == sorted(labels)


def test_digits_compare_as_numbers_chunk_by_chunk() -> None:
    values = ["cpu10", "cpu9", "cpu1b", "cpu1a", "cpu", "10", "9", ""]
    from functools import cmp_to_key

    assert sorted(values, key=cmp_to_key(natural_order)) == ["", "9", "10", "cpu", "cpu1a", "cpu1b", "cpu9", "cpu10"]


@given(st.text("a1.", max_size=6), st.text("a1.", max_size=6))
def test_the_natural_order_never_says_both(a: str, b: str) -> None:
    if a != b:
        assert (natural_order(a, b) < 0) != (natural_order(b, a) < 0)
    else:
        assert natural_order(a, b) == 0
