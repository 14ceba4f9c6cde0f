"""One target's memory between scrapes: its series, what it would leave stale, what it said of its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.exposition import (
    ConvertingDecoder,
    Decoder,
    ExpositionFailure,
    ProtobufDecoder,
    TextDecoder,
)
from watchkeeper.receive.scrape.failure import ScrapeFailure
from watchkeeper.receive.scrape.fetch import Fetched
from watchkeeper.receive.scrape.identity import Identity
from watchkeeper.receive.scrape.protocols import Format
from watchkeeper.receive.scrape.series import Rows, TargetSeries
from watchkeeper.receive.scrape.storage import Storage

_FEW = 100
_QUICK_BYTES = 4 << 20

_NO_REFS = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Read:
    """A body that was understood: its rows, and its metadata where that has changed."""

    rows: Rows
    metadata: Sequence[MetricMetadata] | None


class ScrapedTarget:
    """Turns bodies into rows. `tracked` are the refs that go stale when the target stops sending them."""

    def __init__(self, identity: Identity, storage: Storage, *, type_and_unit_labels: bool) -> None:
        self._identity = identity
        self._storage = storage
        self._type_and_unit_labels = type_and_unit_labels
        self._series: TargetSeries | None = None
        self._format: Format | None = None
        self._generation = storage.generation
        self._unsent: Sequence[MetricMetadata] | None = None
        self._known_bytes = 0
        self.tracked: NDArray[np.int32] = _NO_REFS
        self.metadata: Sequence[MetricMetadata] = ()

    def __len__(self) -> int:
        return 0 if self._series is None else len(self._series)

    def renew(self, identity: Identity) -> None:
        """Go on under a configuration that names series as before."""
        self._identity = identity
        if self._series is not None:
            self._series.renew(identity)

    def is_quick(self, fetched: Fetched) -> bool:
        """Say whether a body is most likely the last one with other numbers, which takes next to no time to read."""
        alike = fetched.format is self._format and fetched.format is not Format.PROTOBUF
        return alike and len(fetched.body) <= min(_QUICK_BYTES, self._known_bytes + self._known_bytes // 4)

    def read(self, fetched: Fetched, at: int) -> Read:
        """The rows of a body fetched at `at` (ms). Raises ScrapeFailure."""
        if not fetched.body:
            return Read(Rows(_NO_REFS, _NO_REFS.astype(np.int64), _NO_REFS.astype(np.float64)), None)
        if self._series is None or fetched.format is not self._format:
            self._series = TargetSeries(self._decoder(fetched.format), self._identity, self._storage)
            self._format = fetched.format
        try:
            exposition = self._series.read(fetched.body)
        except ExpositionFailure as failure:
            raise ScrapeFailure(str(failure)) from failure
        at_a_glance = exposition.careful + len(exposition.histograms) <= _FEW
        self._known_bytes = len(fetched.body) if at_a_glance else 0
        rows = self._series.rows(exposition, at)
        self._series.tidy()
        if exposition.metadata is not None:
            self.metadata = self._unsent = exposition.metadata
        return Read(rows, self._unsent)

    def vanished(self, now: NDArray[np.int32]) -> NDArray[np.int32]:
        """The tracked refs that are not among `now`, shape (n,)."""
        self._forget_dead()
        if now.shape == self.tracked.shape and np.array_equal(now, self.tracked):
            return _NO_REFS
        return np.setdiff1d(self.tracked, now)

    def stored(self, rows: Rows) -> None:
        """Take note that the rows were committed."""
        self.tracked = rows.tracked
        self._unsent = None

    def perhaps_stored(self, rows: Rows) -> None:
        """Take note that nobody knows whether the rows were committed."""
        self.tracked = np.union1d(self.tracked, rows.tracked)

    def _forget_dead(self) -> None:
        if self._storage.generation != self._generation:
            self._generation = self._storage.generation
            self.tracked = self.tracked[self._storage.alive(self.tracked)]

    def _decoder(self, format_: Format) -> Decoder:
        config = self._identity.config
        if format_ is Format.PROTOBUF:
            return ProtobufDecoder(
                native=bool(config.scrape_native_histograms),
                classic=bool(config.always_scrape_classic_histograms),
                convert=bool(config.convert_classic_histograms_to_nhcb),
                type_and_unit_labels=self._type_and_unit_labels,
            )
        decoder = TextDecoder(
            openmetrics=format_ is Format.OPENMETRICS, type_and_unit_labels=self._type_and_unit_labels
        )
        if config.convert_classic_histograms_to_nhcb:
            return ConvertingDecoder(decoder, keep_classic=bool(config.always_scrape_classic_histograms))
        return decoder
