"""What a round has written, over what the store answers: held against dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.rules.overlay import Overlay, Written, merged

Plain = dict[Labels, dict[int, float]]

SERIES = st.builds(
    Labels, st.dictionaries(st.sampled_from(["__name__", "a", "b"]), st.sampled_from(["x", "y", "z"]), max_size=3)
)
BLOCKS = st.dictionaries(
    SERIES, st.dictionaries(st.integers(0, 5), st.floats(-5, 5), min_size=1, max_size=4), max_size=4
)


def block_of(symbols: Symbols, plain: Plain) -> SeriesBlock:
    offsets = np.cumsum([0, *(len(samples) for samples in plain.values())])
    flat = [pair for samples in plain.values() for pair in sorted(samples.items())]
    times = np.array([at for at, _ in flat], dtype=np.int64)
    values = np.array([value for _, value in flat], dtype=np.float64)
    return SeriesBlock(LabelFrame.of(symbols, plain), offsets, times, values)


def plain_of(block: SeriesBlock) -> Plain:
    out: Plain = {}
    for row in range(len(block)):
        at = slice(int(block.offsets[row]), int(block.offsets[row + 1]))
        times = block.timestamps[at].tolist()
        assert times == sorted(set(times))
        assert block.frame.labels(row) not in out
        out[block.frame.labels(row)] = dict(zip(times, block.values[at].tolist(), strict=True))
    return out


@given(BLOCKS, BLOCKS)
def test_merging_is_a_union_in_which_the_later_wins(one: Plain, two: Plain):
    symbols = Symbols()
    expected = {labels: {**one.get(labels, {}), **two.get(labels, {})} for labels in {**one, **two}}
    assert plain_of(merged(block_of(symbols, one), block_of(symbols, two))) == expected


@given(BLOCKS, st.dictionaries(SERIES, st.floats(-5, 5), max_size=4), st.sampled_from(["=", "!=", "=~", "!~"]))
def test_a_selection_sees_what_matches(stored: Plain, written: dict[Labels, float], op: str):
    symbols = Symbols()
    matchers = (Matcher("__name__", MatchOp(op), "x"), Matcher("a", MatchOp.NOT_EQUAL, "y"))

    def matches(labels: Labels) -> bool:
        return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)

    series = list(written)
    overlay = Overlay(3, lambda refs: LabelFrame.of(symbols, [series[ref] for ref in refs.tolist()]))
    for ref, (labels, value) in enumerate(written.items()):
        refs, values = np.array([ref], dtype=np.int32), np.array([value])
        overlay.add(Written(labels.get("__name__", ""), refs, values, {}))
    stored = {labels: samples for labels, samples in stored.items() if matches(labels)}
    expected = {labels: dict(samples) for labels, samples in stored.items()}
    for labels, value in written.items():
        if matches(labels):
            expected.setdefault(labels, {})[3] = value
    answer = overlay.over(Selection("default", matchers, 0, 5), block_of(symbols, stored))
    assert plain_of(answer) == expected
    outside = overlay.over(Selection("default", matchers, 4, 5), block_of(symbols, stored))
    assert plain_of(outside) == stored
