"""Counter-reset hints on their way in and out, as a Prometheus database treats them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.model.histogram.compare import detect_reset
from watchkeeper.model.histogram.values import CounterReset, Histogram


def with_reset(h: Histogram, reset: CounterReset) -> Histogram:
    """The histogram with another hint."""
    return h if h.reset is reset else replace(h, reset=reset)


def received_hint(reset: CounterReset) -> CounterReset:
    """What to keep of a hint that came over the wire: that it is a gauge.

    YES and NO speak of the sample before, which may be missing here or arrive later; resets are found by comparing.
    """
    return reset if reset is CounterReset.GAUGE else CounterReset.UNKNOWN


def stored_hints(series: Sequence[Histogram]) -> list[Histogram]:
    """The histograms of one series, in time order, with the hints a Prometheus database would read back.

    A gauge stays one. A sample that follows another without a reset, in the same layout, is NO; any other UNKNOWN,
    even after a reset, since the sample before may be gone by the time it is read.
    """
    out: list[Histogram] = []
    previous: Histogram | None = None
    for h in series:
        if h.reset is CounterReset.GAUGE:
            out.append(h)
        else:
            follows = previous is not None and _continues(previous, h)
            out.append(with_reset(h, CounterReset.NO if follows else CounterReset.UNKNOWN))
        previous = h
    return out


def _continues(previous: Histogram, h: Histogram) -> bool:
    """Say whether a chunk that ends with `previous` takes `h` too."""
    if previous.reset is CounterReset.GAUGE or h.reset is CounterReset.YES:
        return False
    layout = (h.schema, h.zero_threshold, h.custom_values)
    if layout != (previous.schema, previous.zero_threshold, previous.custom_values):
        return False
    return not detect_reset(previous, with_reset(h, CounterReset.UNKNOWN))
