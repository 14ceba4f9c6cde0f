"""One target's series: from decoded columns to rows of the store, with staleness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE, Exemplar, MetricMetadata, SampleBatch
from watchkeeper.receive.exposition import NO_TIMESTAMP, Decoder, ExemplarText, Exposition
from watchkeeper.receive.scrape.failure import ScrapeFailure
from watchkeeper.receive.scrape.histograms import fitted
from watchkeeper.receive.scrape.identity import Identity
from watchkeeper.receive.scrape.storage import Storage

# What stands in place of a ref.
REFUSED, DROPPED, UNKNOWN = -1, -2, -3

MOST_AHEAD_MS = 600_000
"""A sample whose own timestamp lies further in the future is left out, as in Prometheus."""
_RETRY_REFUSED_EVERY = 20
_LONGEST_EXEMPLAR = 128
_NO_REFS = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Rows:
    """What one scrape stores: columns as in `SampleBatch`, and what the report says of it.

    `tracked` are the refs that get a staleness marker if the next scrape lacks them. `left_out` counts samples by the
    reason why they are not among the rows.
    """

    refs: NDArray[np.int32]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64] | None = None
    histograms: Mapping[int, Histogram] = field(default_factory=dict[int, Histogram])
    exemplars: Sequence[Exemplar] = ()
    tracked: NDArray[np.int32] = field(default_factory=lambda: _NO_REFS)
    scraped: int = 0
    kept: int = 0
    added: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])


class TargetSeries:
    """What is known of one target's series in one format: the ref of each entry of its decoder."""

    def __init__(self, decoder: Decoder, identity: Identity, storage: Storage) -> None:
        self._decoder = decoder
        self._identity = identity
        self._storage = storage
        self._refs: NDArray[np.int32] = np.full(64, UNKNOWN, dtype=np.int32)
        self._generation = storage.generation
        self._exemplars: dict[int, list[ExemplarText]] = {}
        self._scrapes = 0

    def __len__(self) -> int:
        return len(self._decoder)

    def renew(self, identity: Identity) -> None:
        """Go on under a configuration that names series as before."""
        self._identity = identity

    def read(self, body: bytes) -> Exposition:
        """Decode a body. Raises ExpositionFailure."""
        return self._decoder.decode(body)

    def rows(self, exposition: Exposition, scraped_at: int) -> Rows:
        """The rows to store for a body scraped at `scraped_at` (ms). Raises ScrapeFailure, and then nothing is new."""
        self._scrapes += 1
        self._forget_dead()
        self._reserve(len(self._decoder))
        refs = self._refs[exposition.entries]
        added = self._resolve(exposition, refs) if (refs < 0).any() else 0
        if added:
            refs = self._refs[exposition.entries]
        kept = int(np.count_nonzero(refs != DROPPED))
        self._check_limit(len(exposition), kept)
        return self._columns(exposition, refs, scraped_at, kept, added)

    def tidy(self) -> None:
        """Forget entries that the target no longer sends, where they are many."""
        kept = self._decoder.tidy()
        if kept is None:
            return
        refs = np.full(max(64, len(kept)), UNKNOWN, dtype=np.int32)
        refs[: len(kept)] = self._refs[kept]
        self._refs = refs
        self._exemplars.clear()

    def _reserve(self, count: int) -> None:
        if count > self._refs.shape[0]:
            more = np.full(max(count, 2 * self._refs.shape[0]) - self._refs.shape[0], UNKNOWN, dtype=np.int32)
            self._refs = np.concatenate([self._refs, more])

    def _forget_dead(self) -> None:
        generation = self._storage.generation
        if generation == self._generation:
            return
        known = np.flatnonzero(self._refs >= 0)
        self._refs[known[~self._storage.alive(self._refs[known])]] = UNKNOWN
        self._generation = generation

    def _resolve(self, exposition: Exposition, refs: NDArray[np.int32]) -> int:
        """Give refs to the series that have none; how many of them are stored from now on."""
        again = self._scrapes % _RETRY_REFUSED_EVERY == 0
        missing = (refs == UNKNOWN) | ((refs == REFUSED) & again)
        if not missing.any():
            return 0
        entries: list[int] = np.unique(exposition.entries[missing]).tolist()
        named: list[tuple[int, Labels]] = []
        dropped: list[int] = []
        try:
            for entry in entries:
                labels = self._identity.of(exposition.appeared.get(entry) or self._decoder.labels(entry))
                if labels is None:
                    dropped.append(entry)
                else:
                    named.append((entry, labels))
        except ScrapeFailure as failure:
            kept = int(np.count_nonzero(refs >= 0)) + len(named)
            raise type(failure)(str(failure), scraped=len(exposition), kept=kept) from None
        self._refs[dropped] = DROPPED
        self._check_limit(len(exposition), self._kept_with(exposition, [e for e, _ in named]))
        if not named:
            return 0
        self._refs[[e for e, _ in named]] = self._storage.resolve(
            self._identity.config.tenant, [labels for _, labels in named]
        )
        return int(np.count_nonzero(self._refs[[e for e, _ in named]] >= 0))

    def _kept_with(self, exposition: Exposition, named: Sequence[int]) -> int:
        wanted = self._refs >= REFUSED
        wanted[list(named)] = True
        return int(np.count_nonzero(wanted[exposition.entries]))

    def _check_limit(self, scraped: int, kept: int) -> None:
        limit = self._identity.config.sample_limit
        if 0 < limit < kept:
            raise ScrapeFailure(f"sample limit exceeded ({kept} samples, limit: {limit})", scraped=scraped, kept=kept)

    def _columns(self, exposition: Exposition, refs: NDArray[np.int32], scraped_at: int, kept: int, added: int) -> Rows:
        config = self._identity.config
        own = exposition.timestamps != NO_TIMESTAMP
        times = np.full(len(exposition), scraped_at, dtype=np.int64)
        if config.honor_timestamps and own.any():
            times[own] = exposition.timestamps[own]
            tracked = np.ones_like(own) if config.track_timestamps_staleness else ~own
        else:
            tracked = np.ones_like(own)
        stored = refs >= 0
        ahead = times > scraped_at + MOST_AHEAD_MS
        left_out = {
            "duplicate": int(np.count_nonzero(exposition.duplicates & stored)),
            "too_far_ahead": int(np.count_nonzero(ahead & stored)),
            "series_limit": int(np.count_nonzero(refs == REFUSED)),
        }
        tracked = refs[tracked & stored & ~ahead]
        stored &= ~exposition.duplicates & ~ahead
        rows = Rows(
            refs,
            times,
            exposition.values,
            exposition.starts,
            self._histograms(exposition, kept),
            tracked=tracked,
            scraped=len(exposition),
            kept=kept,
            added=added,
            left_out={reason: count for reason, count in left_out.items() if count},
        )
        rows = rows if stored.all() else _taken(rows, np.flatnonzero(stored))
        return replace(rows, exemplars=self._new_exemplars(exposition, refs, times)) if exposition.exemplars else rows

    def _histograms(self, exposition: Exposition, kept: int) -> Mapping[int, Histogram]:
        if not exposition.histograms:
            return {}
        try:
            config = self._identity.config
            return {row: fitted(histogram, config) for row, histogram in exposition.histograms.items()}
        except ScrapeFailure as failure:
            raise ScrapeFailure(str(failure), scraped=len(exposition), kept=kept) from None

    def _new_exemplars(
        self, exposition: Exposition, refs: NDArray[np.int32], times: NDArray[np.int64]
    ) -> list[Exemplar]:
        """The exemplars that were not there in the last scrape."""
        out: list[Exemplar] = []
        current: dict[int, list[ExemplarText]] = {}
        for row, exemplar in exposition.exemplars:
            ref, entry = int(refs[row]), int(exposition.entries[row])
            undated = exemplar.timestamp is None and row in exposition.histograms
            if ref < 0 or undated or _is_too_long(exemplar):
                continue
            current.setdefault(entry, []).append(exemplar)
            if exemplar not in self._exemplars.get(entry, ()):
                time = int(times[row]) if exemplar.timestamp is None else exemplar.timestamp
                out.append(Exemplar(ref, exemplar.labels, exemplar.value, time))
        self._exemplars.update(current)
        return out


def _is_too_long(exemplar: ExemplarText) -> bool:
    return sum(len(name) + len(value) for name, value in exemplar.labels.pairs) > _LONGEST_EXEMPLAR


def _taken(rows: Rows, at: NDArray[np.intp]) -> Rows:
    """The rows at these places; the counts stay."""
    places = {old: new for new, old in enumerate(at.tolist())} if rows.histograms else {}
    return replace(
        rows,
        refs=rows.refs[at],
        timestamps=rows.timestamps[at],
        values=rows.values[at],
        starts=None if rows.starts is None else rows.starts[at],
        histograms={places[row]: h for row, h in rows.histograms.items() if row in places},
    )


def stale_rows(refs: NDArray[np.int32], at: int) -> Rows:
    """Staleness markers for `refs` at `at` (ms)."""
    return Rows(refs, np.full(refs.shape, at, dtype=np.int64), np.full(refs.shape, STALE))


def batch_of(tenant: str, parts: Sequence[Rows], metadata: Sequence[MetricMetadata] = ()) -> SampleBatch:
    """All rows of one scrape as one batch."""
    starts = None
    if any(part.starts is not None for part in parts):
        starts = np.concatenate([_starts(part) for part in parts])
    return SampleBatch(
        tenant,
        np.concatenate([part.refs for part in parts]),
        np.concatenate([part.timestamps for part in parts]),
        np.concatenate([part.values for part in parts]),
        starts,
        # Only the first part, what the target sent, has them.
        parts[0].histograms,
        parts[0].exemplars,
        metadata,
    )


def _starts(rows: Rows) -> NDArray[np.int64]:
    return np.zeros(rows.refs.shape, dtype=np.int64) if rows.starts is None else rows.starts
