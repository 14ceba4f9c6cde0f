"""Classic histograms of the text formats as native ones."""

from __future__ import annotations

from watchkeeper.receive.exposition import ConvertingDecoder, TextDecoder

BODY = b"""# TYPE a gauge
a 1
# TYPE h histogram
h_bucket{x="1",le="0.5"} 1 # {t="u"} 0.25
h_bucket{x="1",le="+Inf"} 3
h_count{x="1"} 3
h_sum{x="1"} 4.5
h_created{x="1"} 17
h_bucket{x="2",le="0.5"} 0
h_bucket{x="2",le="+Inf"} 0
h_count{x="2"} 0
h_sum{x="2"} 0
# TYPE b gauge
b_count 2
# EOF
"""


def converting(*, keep_classic: bool = False) -> ConvertingDecoder:
    return ConvertingDecoder(TextDecoder(openmetrics=True), keep_classic=keep_classic)


def test_each_histogram_becomes_one_sample() -> None:
    decoder = converting()
    for _ in range(3):
        exposition = decoder.decode(BODY)
        names = [dict(decoder.labels(e)) for e in exposition.entries.tolist()]
        assert names == [
            {"__name__": "a"},
            {"__name__": "h_created", "x": "1"},
            {"__name__": "b_count"},
            {"__name__": "h", "x": "1"},
            {"__name__": "h", "x": "2"},
        ]
        first, second = exposition.histograms[3], exposition.histograms[4]
        assert (first.count, first.sum, first.custom_values) == (3.0, 4.5, (0.5,))
        assert first.positive.count.tolist() == [1.0, 2.0]
        assert second.count == 0
        assert exposition.starts is not None
        assert exposition.starts.tolist() == [0, 0, 0, 17_000, 0]
        assert [(row, e.value) for row, e in exposition.exemplars] == [(3, 0.25)]


def test_the_classic_series_stay_on_request() -> None:
    decoder = converting(keep_classic=True)
    exposition = decoder.decode(BODY)
    assert len(exposition) == 13
    assert sorted(exposition.histograms) == [11, 12]


def test_contradicting_counts_make_no_histogram() -> None:
    body = b'# TYPE h histogram\nh_bucket{le="1"} 5\nh_bucket{le="2"} 3\nh_count 5\nh_sum 1\n# EOF\n'
    assert len(converting().decode(body)) == 0


def test_an_empty_body_has_no_histograms() -> None:
    assert len(converting().decode(b"# EOF\n")) == 0


def test_tidying_keeps_series_and_their_histograms_apart() -> None:
    decoder = converting()
    for round_ in range(8):
        new = b"".join(b'h_bucket{i="%d",le="+Inf"} 1\n' % i for i in range(500 * round_, 500 * round_ + 500))
        exposition = decoder.decode(b"a 1\n# TYPE h histogram\n" + new + b"# EOF\n")
        before = [decoder.labels(e) for e in exposition.entries.tolist()]
        kept = decoder.tidy()
        if kept is not None:
            places = {old: at for at, old in enumerate(kept.tolist())}
            assert [decoder.labels(places[e]) for e in exposition.entries.tolist()] == before
