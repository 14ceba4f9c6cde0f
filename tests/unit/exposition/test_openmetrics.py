"""OpenMetrics 1.0, as strictly as Prometheus 3 takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.receive.exposition import ExpositionFailure, TextDecoder

Rows = Callable[[Any, bytes], list[Any]]
END = b"# EOF\n"


def decoder() -> TextDecoder:
    return TextDecoder(openmetrics=True)


def test_times_are_seconds(rows: Rows) -> None:
    known = decoder()
    for _ in range(3):
        assert rows(known, b"a 1 1700000000.123\nb 2 -1.5\nc 3 1e3\n" + END) == [
            ({"__name__": "a"}, 1.0, 1700000000123),
            ({"__name__": "b"}, 2.0, -1500),
            ({"__name__": "c"}, 3.0, 1000000),
        ]


def test_the_end_may_lack_its_line_break(rows: Rows) -> None:
    assert rows(decoder(), b"a 1\n# EOF") == [({"__name__": "a"}, 1.0, None)]


def test_nothing_but_the_end_is_an_empty_exposition(rows: Rows) -> None:
    assert rows(decoder(), END) == []


def test_exemplars_are_read_anew_from_known_lines() -> None:
    known = decoder()
    for i in range(3):
        body = b'# TYPE a counter\na_total 1 # {trace_id="x\\"%d"} 0.5 170%d.25\n' % (i, i) + END
        (row, exemplar), *others = known.decode(body).exemplars
        assert (row, dict(exemplar.labels), exemplar.value) == (0, {"trace_id": f'x"{i}'}, 0.5)
        assert exemplar.timestamp == (1700 + i) * 1000 + 250
        assert others == []


def test_an_exemplar_may_follow_a_time_and_need_not_have_one() -> None:
    known = decoder()
    for _ in range(2):
        exposition = known.decode(b'a_total 1 5 # {t="x"} 2\nb 1\n' + END)
        assert exposition.timestamps[0] == 5000
        assert [(row, e.value, e.timestamp) for row, e in exposition.exemplars] == [(0, 2.0, None)]


def test_created_series_give_their_family_its_start() -> None:
    body = b"""# TYPE c counter
c_total{a="1"} 5
c_created{a="1"} 1700000000.5
c_total{a="2"} 6
# TYPE h histogram
h_bucket{le="1.0"} 1
h_bucket{le="+Inf"} 2
h_count 2
h_sum 3
h_created 1700000001
# TYPE s summary
s{quantile="0.5"} 1
s_created 1700000002
# TYPE g gauge
g 1
g_created 7
# EOF
"""
    known = decoder()
    for _ in range(3):
        starts = known.decode(body).starts
        assert starts is not None
        c, h, s = 1700000000500, 1700000001000, 1700000002000
        assert starts.tolist() == [c, 0, 0, h, h, h, h, 0, s, 0, 0, 0]


def test_a_start_moves_with_its_created_series() -> None:
    known = decoder()
    body = b"# TYPE c counter\nc_total 5\nc_created %d\n# EOF\n"
    for seconds in (1000, 1000, 2000):
        starts = known.decode(body % seconds).starts
        assert starts is not None
        assert starts[0] == seconds * 1000


def test_units_are_metadata() -> None:
    metadata = (
        decoder()
        .decode(b'# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds \\"x\\"\na_seconds 1\n' + END)
        .metadata
    )
    assert metadata is not None
    assert [(m.metric, m.type, m.unit, m.help) for m in metadata] == [("a_seconds", "gauge", "seconds", '"x"')]


def test_type_and_unit_become_labels_where_that_is_asked_for(rows: Rows) -> None:
    known = TextDecoder(openmetrics=True, type_and_unit_labels=True)
    body = b"# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\nother 2\n" + END
    for _ in range(2):
        assert [row[0] for row in rows(known, body)] == [
            {"__name__": "a_seconds_total", "__type__": "counter", "__unit__": "seconds"},
            {"__name__": "other"},
        ]


WRONG = {
    b"a  1\n" + END: "no value follows",
    b"a\t1\n" + END: "no value follows",
    b"a 1 \n" + END: "something follows",
    b"a 1  2\n" + END: "something follows",
    b"a 1 NaN\n" + END: "out of range",
    b'a{b="c", d="e"} 1\n' + END: "label name is missing",
    b'a{b="c"d="e"} 1\n' + END: "neither a comma",
    b'a {b="c"} 1\n' + END: "not a number",
    b"\na 1\n" + END: "no series starts",
    b"# a comment\n" + END: "unknown comment",
    b"#HELP a b\n" + END: "unknown comment",
    b"# TYPE a untyped\n" + END: "unknown metric type",
    b"# HELP a\n" + END: "no text follows",
    b"# UNIT a seconds\n" + END: "not a suffix",
    b"a 1\n": "does not end",
    b"a 1": "does not end",
    b"": "does not end",
    b"# HELP a b": "does not end",
    END + b"a 1\n": 'something follows "# EOF"',
    END + b"\n": 'something follows "# EOF"',
    b'a 1 # {b="c"}\n' + END: "no value",
    b'a 1 # {"b"} 1\n' + END: "given twice",
    b'a 1 # {b="c"} x\n' + END: "not a number",
    b'a 1 # {b="c"} 1 2 3\n' + END: "something follows",
    b"a 1 # x\n" + END: "something follows|not a number",
}


@pytest.mark.parametrize("body", list(WRONG))
def test_what_is_not_openmetrics_is_refused(body: bytes) -> None:
    with pytest.raises(ExpositionFailure, match=WRONG[body]):
        decoder().decode(body)


@pytest.mark.parametrize("tail", [b" ", b" 5 ", b" # ", b" # {", b' # {b="c"}', b' # {b="c"} 1 ', b"  5", b" 5 6"])
def test_a_known_series_gets_no_leniency(tail: bytes) -> None:
    known = decoder()
    known.decode(b"a 1\n" + END)
    with pytest.raises(ExpositionFailure):
        known.decode(b"a 1" + tail + b"\n" + END)
