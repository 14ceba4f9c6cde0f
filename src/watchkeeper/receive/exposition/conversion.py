"""Classic histograms of the text formats as native ones with custom buckets (`convert_classic_histograms_to_nhcb`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram, InvalidHistogram, from_classic, validate
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.receive.exposition.decoder import TextDecoder
from watchkeeper.receive.exposition.exposition import Exposition
from watchkeeper.receive.exposition.line import ExemplarText
from watchkeeper.receive.exposition.number import parse_float

_LE = "le"


@dataclass(frozen=True, slots=True)
class _Part:
    """What a series contributes to a histogram: `bound` for a bucket, NaN for its count or sum."""

    whole: Labels
    suffix: str
    bound: float


@dataclass(frozen=True, slots=True)
class _Run:
    """Adjacent rows of one histogram, as they stand in a body."""

    rows: list[int]
    histogram: Histogram


class ConvertingDecoder:
    """Wraps the text decoder. Its entry 2e is the inner entry e, 2e + 1 the histogram whose first series that is."""

    def __init__(self, inner: TextDecoder, *, keep_classic: bool) -> None:
        self._inner = inner
        self._keep_classic = keep_classic
        self._families: frozenset[str] = frozenset()
        self._parts: dict[int, _Part | None] = {}

    def __len__(self) -> int:
        return 2 * len(self._inner)

    def labels(self, entry: int) -> Labels:
        """The labels of a series or histogram met earlier."""
        labels = self._inner.labels(entry // 2)
        if entry % 2 == 0:
            return labels
        part = _part(labels, frozenset({labels[METRIC_NAME].rpartition("_")[0]}))
        return labels if part is None else part.whole

    def tidy(self) -> NDArray[np.int64] | None:
        """As the inner decoder's."""
        kept = self._inner.tidy()
        if kept is None:
            return None
        self._parts.clear()
        return np.stack([2 * kept, 2 * kept + 1], axis=1).reshape(-1)

    def decode(self, body: bytes) -> Exposition:
        """The columns of `body`. Raises ExpositionFailure."""
        inner = self._inner.decode(body)
        if inner.metadata is not None:
            self._families = frozenset(m.metric for m in inner.metadata if m.type == "histogram")
            self._parts.clear()
        entries: list[int] = inner.entries.tolist()
        parts = [self._part(entry, inner) for entry in entries]
        runs = list(self._runs(parts, inner))
        kept = np.array([self._keep_classic or part is None for part in parts], dtype=np.bool_)
        return _woven(inner, runs, kept)

    def _part(self, entry: int, inner: Exposition) -> _Part | None:
        part = self._parts.get(entry)
        if part is None and entry not in self._parts:
            labels = inner.appeared.get(entry) or self._inner.labels(entry)
            part = _part(labels, self._families)
            self._parts[entry] = part
        return part

    def _runs(self, parts: list[_Part | None], inner: Exposition) -> Iterator[_Run]:
        begin = 0
        for row in range(1, len(parts) + 1):
            first = parts[begin]
            part = parts[row] if row < len(parts) else None
            if first is not None and part is not None and part.whole == first.whole:
                continue
            if first is not None:
                histogram = _histogram([p for p in parts[begin:row] if p is not None], inner.values[begin:row].tolist())
                if histogram is not None:
                    yield _Run(list(range(begin, row)), histogram)
            begin = row


def _part(labels: Labels, families: frozenset[str]) -> _Part | None:
    """What a series of these labels is of a histogram among `families`, or None."""
    base, _, suffix = labels[METRIC_NAME].rpartition("_")
    if base not in families or suffix not in ("bucket", "count", "sum"):
        return None
    if suffix != "bucket":
        return _Part(labels.with_({METRIC_NAME: base}), suffix, math.nan)
    try:
        bound = parse_float(labels.get(_LE, ""))
    except ValueError:
        return None
    return None if math.isnan(bound) else _Part(labels.with_({METRIC_NAME: base, _LE: ""}), suffix, bound)


def _histogram(parts: list[_Part], values: list[float]) -> Histogram | None:
    """The histogram of a run, or None where its numbers contradict each other."""
    count: float | None = None
    total = 0.0
    buckets: list[tuple[float, float]] = []
    for part, value in zip(parts, values, strict=True):
        if part.suffix == "bucket":
            buckets.append((part.bound, value))
        elif part.suffix == "count":
            count = value
        else:
            total = value
    try:
        histogram = from_classic(buckets, count, total)
        validate(histogram)
    except InvalidHistogram:
        return None
    return histogram


def _woven(inner: Exposition, runs: list[_Run], kept: NDArray[np.bool_]) -> Exposition:
    """The kept rows of `inner`, and behind them a row for each run."""
    rows = np.flatnonzero(kept)
    places = {old: new for new, old in enumerate(rows.tolist())}
    firsts = np.array([run.rows[0] for run in runs], dtype=np.intp)
    lasts = np.array([run.rows[-1] for run in runs], dtype=np.intp)
    exemplars = [(places[row], exemplar) for row, exemplar in inner.exemplars if row in places]
    exemplars += _run_exemplars(inner, runs, len(rows))
    histogram_entries = 2 * inner.entries[firsts] + 1
    appeared = {2 * entry: labels for entry, labels in inner.appeared.items()}
    seen, unique = set[int](), np.ones(len(runs), dtype=np.bool_)
    for at, entry in enumerate(histogram_entries.tolist()):
        unique[at] = entry not in seen
        seen.add(entry)
    starts = None
    if inner.starts is not None:
        starts = np.concatenate([inner.starts[rows], inner.starts[firsts]])
    return replace(
        inner,
        entries=np.concatenate([2 * inner.entries[rows], histogram_entries]).astype(np.int32),
        values=np.concatenate([inner.values[rows], np.zeros(len(runs))]),
        timestamps=np.concatenate([inner.timestamps[rows], inner.timestamps[lasts]]),
        duplicates=np.concatenate([inner.duplicates[rows], ~unique]),
        starts=starts,
        histograms={len(rows) + i: run.histogram for i, run in enumerate(runs)},
        exemplars=exemplars,
        appeared=appeared,
    )


def _run_exemplars(inner: Exposition, runs: list[_Run], offset: int) -> list[tuple[int, ExemplarText]]:
    run_of = {row: i for i, run in enumerate(runs) for row in run.rows}
    return [(offset + run_of[row], exemplar) for row, exemplar in inner.exemplars if row in run_of]
