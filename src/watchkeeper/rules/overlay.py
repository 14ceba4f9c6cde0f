"""What earlier rules of a round have found, laid over what the store answers, so that later rules see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.group import group_rows
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection, SeriesBlock


@dataclass(frozen=True, slots=True)
class Written:
    """What one rule writes in a round: n series, a sample each (staleness markers by their bits).

    `metric` is the name of all of them, or empty where they are of several metrics.
    `refs` int32 and `values` float64 have shape (n,); `histograms` (row → histogram) replace the values of their rows.
    """

    metric: str
    refs: NDArray[np.int32]
    values: NDArray[np.float64]
    histograms: Mapping[int, Histogram]


FrameOf = Callable[[NDArray[np.int32]], LabelFrame]


class Overlay:
    """The samples of a round so far, all at the instant `at`. `frame_of` tells the labels of refs."""

    def __init__(self, at: int, frame_of: FrameOf) -> None:
        self._at = at
        self._frame_of = frame_of
        self._written: dict[str, list[Written]] = {}
        self._frames: dict[int, LabelFrame] = {}

    def add(self, written: Written) -> None:
        """Take in what a rule writes."""
        if written.refs.size:
            self._written.setdefault(written.metric, []).append(written)

    def over(self, selection: Selection, block: SeriesBlock) -> SeriesBlock:
        """The answer to a selection, with what the round has written."""
        if not selection.start <= self._at <= selection.end:
            return block
        for written in self._matching(selection.matchers):
            block = self._laid(block, written, selection.matchers)
        return block

    def _matching(self, matchers: Sequence[Matcher]) -> list[Written]:
        names = [matcher for matcher in matchers if matcher.name == METRIC_NAME]
        exact = next((name.value for name in names if name.op is MatchOp.EQUAL), None)
        metrics = self._written if exact is None else (exact, "")
        return [
            written
            for metric in metrics
            if not metric or all(name.matches(metric) for name in names)
            for written in self._written.get(metric, ())
        ]

    def _laid(self, block: SeriesBlock, written: Written, matchers: Sequence[Matcher]) -> SeriesBlock:
        frame = self._frames.get(id(written))
        if frame is None:
            frame = self._frames[id(written)] = self._frame_of(written.refs)
        rows = np.flatnonzero(matching(frame, matchers))
        if not rows.size:
            return block
        at = np.full(rows.size, -1, dtype=np.int32)
        histograms: list[Histogram] = []
        for i, row in enumerate(rows.tolist()):
            if (histogram := written.histograms.get(row)) is not None:
                at[i] = len(histograms)
                histograms.append(histogram)
        times = np.full(rows.size, self._at, dtype=np.int64)
        offsets = np.arange(rows.size + 1, dtype=np.int64)
        more = SeriesBlock(frame.take(rows), offsets, times, written.values[rows], None, at, histograms)
        return merged(block, more)


def matching(frame: LabelFrame, matchers: Sequence[Matcher]) -> NDArray[np.bool_]:
    """Which rows satisfy all matchers, shape (n,)."""
    keep = np.ones(len(frame), dtype=np.bool_)
    for matcher in matchers:
        distinct, at = np.unique(frame.column(matcher.name), return_inverse=True)
        fits = [matcher.matches(frame.symbols[code]) for code in distinct.tolist()]
        keep &= np.array(fits, dtype=np.bool_)[at]
    return keep


def merged(base: SeriesBlock, more: SeriesBlock) -> SeriesBlock:
    """The series and samples of both, whose frames share their symbols; of one timestamp, `more`'s sample stays."""
    if not len(base):
        return _tidy(more)
    groups, frame = _grouped(base.frame, more.frame)
    counts = (np.diff(base.offsets), np.diff(more.offsets))
    owner = np.repeat(groups, np.concatenate(counts))
    times = np.concatenate((base.timestamps, more.timestamps))
    later = np.arange(times.size) >= base.timestamps.size
    order = np.lexsort((later, times, owner))
    owner, times = owner[order], times[order]
    last = np.ones(owner.size, dtype=np.bool_)
    last[:-1] = (owner[1:] != owner[:-1]) | (times[1:] != times[:-1])
    order = order[last]
    offsets = np.zeros(len(frame) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner[last], minlength=len(frame)), out=offsets[1:])
    at = np.concatenate((_histogram_at(base), _shifted(_histogram_at(more), len(base.histograms))))[order]
    starts = None
    if base.starts is not None:
        starts = np.concatenate((base.starts, np.zeros(more.timestamps.size, dtype=np.int64)))[order]
    values = np.concatenate((base.values, more.values))[order]
    histograms = (*base.histograms, *more.histograms)
    return _tidy(SeriesBlock(frame, offsets, times[last], values, starts, at, histograms))


def _grouped(one: LabelFrame, two: LabelFrame) -> tuple[NDArray[np.int64], LabelFrame]:
    """Each row's series among the distinct ones of both frames, and their frame."""
    names = tuple(dict.fromkeys((*one.names, *two.names)))
    if not names:
        return np.zeros(len(one) + len(two), dtype=np.int64), one.take([0])
    codes = np.concatenate([np.stack([frame.column(name) for name in names], axis=1) for frame in (one, two)])
    groups, firsts = group_rows(np.ascontiguousarray(codes))
    return groups, LabelFrame(one.symbols, names, codes[firsts])


def _histogram_at(block: SeriesBlock) -> NDArray[np.int32]:
    return np.full(block.timestamps.size, -1, dtype=np.int32) if block.histogram_at is None else block.histogram_at


def _shifted(at: NDArray[np.int32], by: int) -> NDArray[np.int32]:
    return np.where(at < 0, at, at + by).astype(np.int32)


def _tidy(block: SeriesBlock) -> SeriesBlock:
    if block.histogram_at is None or np.any(block.histogram_at >= 0):
        return block
    return SeriesBlock(block.frame, block.offsets, block.timestamps, block.values, block.starts)
