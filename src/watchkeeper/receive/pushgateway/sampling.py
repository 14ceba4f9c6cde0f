"""Groups as samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE, Exemplar, MetricMetadata, SampleBatch
from watchkeeper.receive.exposition import ExemplarText, ExpositionFailure, ProtobufDecoder
from watchkeeper.receive.pushgateway.failure import Inconsistent


class Series(Protocol):
    """What sampling needs of the store to know its series."""

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier have become invalid."""
        ...

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The refs of label sets; −1 where a limit refuses a new series."""
        ...


@dataclass(slots=True)
class Samples:
    """A group's n samples, the same at every interval: labels, values (float64, shape (n,)), histograms by row."""

    labels: list[Labels]
    values: NDArray[np.float64]
    starts: NDArray[np.int64] | None = None
    histograms: Mapping[int, Histogram] = field(default_factory=dict[int, Histogram])
    exemplars: Sequence[tuple[int, ExemplarText]] = ()
    metadata: Sequence[MetricMetadata] = ()
    _refs: NDArray[np.int32] | None = None
    _generation: int = -1

    def refs(self, tenant: str, series: Series) -> NDArray[np.int32]:
        """The samples' refs, −1 where a limit refused the series; asked for again while there are such."""
        generation = series.generation
        if self._refs is None or self._generation != generation or (self._refs < 0).any():
            self._refs, self._generation = series.resolve(tenant, self.labels), generation
        return self._refs

    def batch(self, tenant: str, series: Series, at_ms: int, *, first: bool) -> SampleBatch:
        """The samples at this time; `first` brings what need not be repeated."""
        refs = self.refs(tenant, series)
        keep = refs >= 0
        place = np.cumsum(keep) - 1
        exemplars = [
            Exemplar(int(refs[row]), e.labels, e.value, at_ms if e.timestamp is None else e.timestamp)
            for row, e in (self.exemplars if first else ())
            if keep[row]
        ]
        return SampleBatch(
            tenant,
            refs[keep],
            np.full(int(keep.sum()), at_ms, dtype=np.int64),
            self.values[keep],
            None if self.starts is None else self.starts[keep],
            {int(place[row]): histogram for row, histogram in self.histograms.items() if keep[row]},
            exemplars,
            self.metadata if first else (),
        )


def samples_of(families: Sequence[Any]) -> Samples:
    """The samples of MetricFamily messages. Raises Inconsistent where a histogram or label makes no sense."""
    encoded = [family.SerializeToString() for family in families]
    body = b"".join(_length(len(one)) + one for one in encoded)
    decoder = ProtobufDecoder(native=True, classic=False, convert=False)
    try:
        found = decoder.decode(body)
    except ExpositionFailure as why:
        raise Inconsistent(str(why)) from None
    labels = [decoder.labels(entry) for entry in found.entries.tolist()]
    return Samples(labels, found.values, found.starts, found.histograms, found.exemplars, found.metadata or ())


def stale_batch(tenant: str, series: Series, labels: Sequence[Labels], at_ms: int) -> SampleBatch:
    """Staleness markers for series that are gone."""
    refs = series.resolve(tenant, labels) if labels else np.zeros(0, dtype=np.int32)
    refs = refs[refs >= 0]
    return SampleBatch(tenant, refs, np.full(refs.size, at_ms, dtype=np.int64), np.full(refs.size, STALE))


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out)
