"""What a backtest reads: the store's past, and what the file's own recording rules would have put there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.matcher import Matcher
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql import Source
from watchkeeper.rules.alerting import ALERT_NAME
from watchkeeper.rules.failure import RulesFailure
from watchkeeper.rules.overlay import matching, merged

_TIDY = 1 << 20
"""Blocks of a metric are put together up to so many samples."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """From `since` on (ms) a metric is what rules record anew; where `alerts` are named, only the series of these."""

    since: int
    alerts: frozenset[str] = frozenset()


class Past:
    """Answers selections; nothing of a backtest reaches the store, not even a label's text.

    `recorded` says by their names which metrics the rules record: they are what `add` brings, and what the store
    holds of them does not count.
    """

    def __init__(self, base: Source, recorded: Mapping[str, Replaced], most_samples: int) -> None:
        self.symbols = Symbols()
        self._base = base
        self._recorded = recorded
        self._most = most_samples
        self._held = 0
        self._parts: dict[str, list[SeriesBlock]] = {name: [] for name in recorded}

    def add(self, name: str, block: SeriesBlock) -> None:
        """Take in samples of the metric `name`, over `symbols`, later ones than before. Raises RulesFailure."""
        if not len(block):
            return
        self._held += block.timestamps.size
        if self._held > self._most:
            raise RulesFailure(
                f"the recording rules give more than {self._most} samples in this time: "
                "a shorter time or a longer interval would be right"
            )
        parts = self._parts[name]
        parts.append(block)
        while len(parts) > 1 and _mergeable(parts[-2], parts[-1]):
            last = parts.pop()
            parts[-1] = merged(parts[-1], last)

    def select(self, selection: Selection) -> SeriesBlock:
        """The series of one selection. Raises StoreFailure."""
        return self.select_many([selection])[0]

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        """The answers to several selections. Raises StoreFailure."""
        if not self._recorded:
            return self._base.select_many(selections)
        names = [[name for name in self._recorded if may_match(one.matchers, name)] for one in selections]
        # A newest sample that does not count would hide the one before it.
        asked = [replace(one, newest_only=False) if mine else one for one, mine in zip(selections, names, strict=True)]
        blocks = self._base.select_many(asked)
        return [self._over(*three) for three in zip(selections, blocks, names, strict=True)]

    def _over(self, selection: Selection, block: SeriesBlock, names: Sequence[str]) -> SeriesBlock:
        found = replace(block, frame=self._adopted(block.frame))
        for name in names:
            found = _without(found, name, self._recorded[name])
            for part in self._parts[name]:
                found = _laid(found, part, selection)
        return found

    def _adopted(self, frame: LabelFrame) -> LabelFrame:
        distinct, at = np.unique(frame.codes, return_inverse=True)
        mine = self.symbols.intern_all(frame.symbols[code] for code in distinct.tolist())
        return LabelFrame(self.symbols, frame.names, mine[at].reshape(frame.codes.shape))


def may_match(matchers: Sequence[Matcher], name: str) -> bool:
    """Say whether a selection can hold series of the metric `name`."""
    return all(one.matches(name) for one in matchers if one.name == METRIC_NAME)


def _mergeable(before: SeriesBlock, last: SeriesBlock) -> bool:
    sizes = before.timestamps.size, last.timestamps.size
    return sizes[0] <= 2 * sizes[1] and sum(sizes) <= _TIDY


def _without(block: SeriesBlock, name: str, replaced: Replaced) -> SeriesBlock:
    """The block less the samples that are replaced."""
    named = _are(block.frame, METRIC_NAME, [name])
    if replaced.alerts:
        named &= _are(block.frame, ALERT_NAME, replaced.alerts)
    if not named.any():
        return block
    return _kept(block, ~(np.repeat(named, np.diff(block.offsets)) & (block.timestamps >= replaced.since)))


def _are(frame: LabelFrame, label: str, values: Iterable[str]) -> NDArray[np.bool_]:
    codes = [code for value in values if (code := frame.symbols.get(value)) is not None]
    return np.isin(frame.column(label), codes)


def _laid(block: SeriesBlock, part: SeriesBlock, selection: Selection) -> SeriesBlock:
    within = (part.timestamps >= selection.start) & (part.timestamps <= selection.end)
    if not within.any():
        return block
    rows = matching(part.frame, selection.matchers)
    more = _kept(part, within & np.repeat(rows, np.diff(part.offsets)))
    return merged(block, more) if len(more) else block


def _kept(block: SeriesBlock, keep: NDArray[np.bool_]) -> SeriesBlock:
    """The samples that the mask (m,) keeps, and their series."""
    owner = np.repeat(np.arange(len(block)), np.diff(block.offsets))
    counts = np.bincount(owner[keep], minlength=len(block))
    rows = np.flatnonzero(counts)
    offsets = np.zeros(rows.size + 1, dtype=np.int64)
    np.cumsum(counts[rows], out=offsets[1:])
    return SeriesBlock(
        block.frame.take(rows),
        offsets,
        block.timestamps[keep],
        block.values[keep],
        None if block.starts is None else block.starts[keep],
        None if block.histogram_at is None else block.histogram_at[keep],
        block.histograms,
    )
