"""Newer syntax as text and as JSON; the rest is compared with Prometheus in tests/differential."""

import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import parse
from watchkeeper.query.promql.json_tree import tree_json
from watchkeeper.query.promql.printer import labels_text, to_text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a+fill(0)b", "a + fill (0) b"),
        ("a > bool on(x) group_left fill_left(-1) fill_right(2) b", None),
        ("foo[5m] anchored @ 3 offset 1m", "foo[5m] anchored @ 3.000 offset 1m"),
        ("foo smoothed", "foo smoothed"),
        ("foo[step():range()]", "foo[step():range()]"),
        ("foo offset -max(step(),5m)", "foo offset -max_of(step(), 5m)"),
        ("h </ 5 >/ 2", "h </ 5 >/ 2"),
        ("foo @ -0.5", "foo @ -0.500"),
        ("info(a,{})", "info(a, {})"),
        ("a * ignoring() group_left() b", "a * ignoring () group_left () b"),
    ],
)
def test_newer_syntax_is_printed_so_that_it_means_the_same(text: str, printed: str | None):
    expected = printed or "a > bool on (x) group_left () fill_left (-1) fill_right (2) b"
    assert to_text(parse(text)) == expected
    assert to_text(parse(expected)) == expected


def test_newer_modifiers_are_told_in_json():
    selector = tree_json(parse("foo smoothed"))
    assert (selector["anchored"], selector["smoothed"]) == (False, True)
    matching = tree_json(parse("a + fill_left(3) b"))["matching"]
    assert isinstance(matching, dict)
    assert matching["fillValues"] == {"lhs": 3.0, "rhs": None}


@pytest.mark.parametrize(
    ("labels", "printed"),
    [
        ({}, "{}"),
        ({"__name__": "up"}, "up"),
        ({"__name__": "up", "job": 'a"b'}, 'up{job="a\\"b"}'),
        ({"__name__": "a b", "c.d": "e"}, '{__name__="a b", "c.d"="e"}'),
    ],
)
def test_a_series_is_written_as_prometheus_writes_it(labels: dict[str, str], printed: str):
    assert labels_text(Labels(labels)) == printed
