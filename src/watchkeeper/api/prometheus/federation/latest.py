"""The newest sample of each selected series, as another server will scrape it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.samples import STALE_BITS, SeriesBlock


@dataclass(frozen=True, slots=True)
class Newest:
    """One series' newest sample; `labels` have no name, `time` is in ms."""

    name: str
    labels: tuple[tuple[str, str], ...]
    time: int
    value: float | Histogram


def newest(blocks: Sequence[SeriesBlock], external: Mapping[str, str]) -> list[Newest]:
    """The samples of all blocks by name and labels, each series once.

    Series that ended and such without a name are left out. External labels are added where a series lacks them; an
    `instance` is always there, since the scraping server would otherwise add one of its own.
    """
    added = {"instance": "", **external}
    found: dict[Labels, Newest] = {}
    for block in blocks:
        for row in range(len(block)):
            labels = block.frame.labels(row)
            sample = _last(block, row)
            if sample is None or METRIC_NAME not in labels or labels in found:
                continue
            pairs = [(name, value) for name, value in labels.pairs if name != METRIC_NAME]
            pairs += [(name, added[name]) for name in sorted(added) if name not in labels]
            found[labels] = Newest(labels[METRIC_NAME], tuple(pairs), *sample)
    return [found[labels] for labels in sorted(found, key=lambda each: (each[METRIC_NAME], each.pairs))]


def _last(block: SeriesBlock, row: int) -> tuple[int, float | Histogram] | None:
    at = int(block.offsets[row + 1]) - 1
    if at < int(block.offsets[row]):
        return None
    time = int(block.timestamps[at])
    number = -1 if block.histogram_at is None else int(block.histogram_at[at])
    value = block.values[at] if number < 0 else block.histograms[number].sum
    if int(np.float64(value).view(np.uint64)) == STALE_BITS:
        return None
    return time, float(value) if number < 0 else block.histograms[number]
