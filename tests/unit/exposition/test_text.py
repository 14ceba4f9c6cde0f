"""The text format 0.0.4, as strictly as Prometheus 3 takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.receive.exposition import ExpositionFailure, TextDecoder

Rows = Callable[[Any, bytes], list[Any]]


def decoder() -> TextDecoder:
    return TextDecoder(openmetrics=False)


def test_a_sample_has_labels_a_value_and_perhaps_a_time(rows: Rows) -> None:
    body = b'a{b="c"} 1.5\na{b="d"} -2 1700000000123\nplain 3\n'
    assert rows(decoder(), body) == [
        ({"__name__": "a", "b": "c"}, 1.5, None),
        ({"__name__": "a", "b": "d"}, -2.0, 1700000000123),
        ({"__name__": "plain"}, 3.0, None),
    ]


def test_the_last_line_needs_no_line_break(rows: Rows) -> None:
    assert rows(decoder(), b"a 1") == [({"__name__": "a"}, 1.0, None)]


def test_blank_lines_and_comments_say_nothing(rows: Rows) -> None:
    body = b"\n \t\n# a comment\n#another\n# HELPLESS\n# TYPES a b\n#\na 1\n# EOF\nb 2\n"
    assert [row[0]["__name__"] for row in rows(decoder(), body)] == ["a", "b"]


@pytest.mark.parametrize(
    "line",
    [
        b'a{b="c"} 1',
        b'a {b="c"} 1',
        b'  a{ b = "c" , } 1',
        b'a{b="c",}\t1',
        b'a{b="c"}1',
        b'{"a","b"="c"} 1',
        b'{"a",b="c"}  1 ',
    ],
)
def test_blanks_commas_and_quotes_are_taken_in_many_ways(rows: Rows, line: bytes) -> None:
    known = decoder()
    for _ in range(3):
        assert rows(known, line + b"\n") == [({"__name__": "a", "b": "c"}, 1.0, None)]


def test_pairs_need_no_comma_between_them(rows: Rows) -> None:
    assert rows(decoder(), b'a{b="c"d="e"} 1') == [({"__name__": "a", "b": "c", "d": "e"}, 1.0, None)]


def test_values_are_unescaped(rows: Rows) -> None:
    body = rb'a{b="\"x\" \\ \n \t"} 1'
    assert rows(decoder(), body)[0][0]["b"] == '"x" \\ \n \\t'


def test_a_quoted_value_may_hold_braces_commas_and_line_breaks(rows: Rows) -> None:
    known = decoder()
    for _ in range(3):
        assert rows(known, b'a{b="}, {\n"} 1\nc 2\n')[0][0]["b"] == "}, {\n"
        assert len(rows(known, b'a{b="}, {\n"} 1\nc 2\n')) == 2


def test_names_may_be_any_text_when_quoted(rows: Rows) -> None:
    body = '{"my.metric ⊗","a label.ü"="x"} 1'.encode()
    assert rows(decoder(), body) == [({"__name__": "my.metric ⊗", "a label.ü": "x"}, 1.0, None)]


def test_an_empty_value_is_no_label(rows: Rows) -> None:
    assert rows(decoder(), b'a{b="",c="d"} 1')[0][0] == {"__name__": "a", "c": "d"}


def test_bounds_and_quantiles_are_written_alike_whoever_sends_them(rows: Rows) -> None:
    body = b"""# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="1e6"} 1
h_bucket{le="+Inf"} 1
# TYPE s summary
s{quantile="0.50"} 1
# TYPE g gauge
g{le="1"} 1
"""
    bounds = [row[0].get("le") or row[0].get("quantile") for row in rows(decoder(), body)]
    assert bounds == ["1.0", "1e+06", "+Inf", "0.5", "1"]


def test_metadata_is_told_when_it_changes_and_only_then() -> None:
    known = decoder()
    body = b"# HELP a What \\\\ it\\n is.\n# TYPE a counter\na 1\n"
    first = known.decode(body).metadata
    assert first is not None
    assert [(m.metric, m.type, m.help) for m in first] == [("a", "counter", "What \\ it\n is.")]
    assert known.decode(body).metadata is None
    changed = known.decode(body.replace(b"counter", b"gauge")).metadata
    assert changed is not None
    assert [m.type for m in changed] == ["gauge"]
    back = known.decode(body).metadata
    assert back is not None
    assert [m.type for m in back] == ["counter"]


def test_untyped_is_the_text_formats_word_for_unknown() -> None:
    metadata = decoder().decode(b"# TYPE a untyped\na 1\n").metadata
    assert metadata is not None
    assert metadata[0].type == "unknown"


def test_the_second_sample_of_a_series_is_a_duplicate_unless_it_has_a_time() -> None:
    known = decoder()
    for _ in range(3):
        assert known.decode(b"a 1\na 2\na 3 5\nb 1\n").duplicates.tolist() == [False, True, False, False]


WRONG = {
    b"a": "has no value",
    b"a 1 2 3": "something follows",
    b"a 1 -5": "something follows",
    b"a 1 1.5": "something follows",
    b"a 1 99999999999999999999": "out of range",
    b"a{b=c} 1": "not quoted",
    b'a{b="c} 1': "never closed",
    b'a{b "c"} 1': "no equal sign",
    b'a{b="c" 1': "label name is missing",
    b'a{1b="c"} 1': "label name is missing",
    b"a{,} 1": "label name is missing",
    b'{b="c"} 1': "metric name is missing",
    b'{"a","b"} 1': "given twice",
    b'a{"b"} 1': "given twice",
    b'a{b="c",b="d"} 1': "not unique",
    b'a{__name__="b"} 1': "not unique",
    b"1a 1": "no series starts",
    b"a b": "not a number",
    b"a 0x1p3": "not a number",
    b"a 1_000": "not a number",
    b"a 1e999": "out of range",
    b"a 1\r": "not a number",
    b'a{b="\xff"} 1': "UTF-8",
    b"# HELP a \xff": "UTF-8",
    b"# TYPE a": "unknown metric type",
    b"# TYPE a  counter": "unknown metric type",
    b"# TYPE a info": "unknown metric type",
    b"# HELP 1 text": "no metric name",
    b'a 1 # {trace="x"} 1': "something follows",
    b"a\x00 1": "not a number",
}


@pytest.mark.parametrize("line", list(WRONG))
def test_a_bad_line_fails_the_body_and_says_where_and_what_would_be_right(line: bytes) -> None:
    known = decoder()
    for _ in range(2):
        with pytest.raises(ExpositionFailure, match=WRONG[line]) as caught:
            known.decode(b"ok 1\n" + line + b"\nfine 2\n")
        assert caught.value.line == 2
        assert "right would be" in str(caught.value)


def test_a_bad_body_leaves_the_decoder_good(rows: Rows) -> None:
    known = decoder()
    with pytest.raises(ExpositionFailure):
        known.decode(b'new{a="1"} 1\nbad\n')
    assert rows(known, b'new{a="1"} 2\n') == [({"__name__": "new", "a": "1"}, 2.0, None)]


def test_type_and_unit_become_labels_where_that_is_asked_for(rows: Rows) -> None:
    known = TextDecoder(openmetrics=False, type_and_unit_labels=True)
    body = b'# TYPE a_total counter\na_total{__type__="x"} 1\n# TYPE b untyped\nb 1\nc 1\n'
    names = [row[0] for row in rows(known, body)]
    assert names == [{"__name__": "a_total", "__type__": "counter"}, {"__name__": "b"}, {"__name__": "c"}]
