"""What a scraped body said, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.exposition import NO_TIMESTAMP
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.exposition.line import ExemplarText

__all__ = ["NO_TIMESTAMP", "Decoder", "Exposition"]


@dataclass(frozen=True, slots=True)
class Exposition:
    """The m samples of one body, in its order; every column has shape (m,).

    `entries` int32 number the series within the decoder that made this; `values` float64; `timestamps` int64 ms,
    NO_TIMESTAMP where the body gives none; `starts` int64 ms start timestamps, 0 where unknown, None where all are.
    A row in `histograms` has no meaning in `values`. `exemplars` are pairs of a row and its exemplar. `duplicates`
    marks the rows that name a series a second time without a timestamp of their own. `appeared` has the labels of the
    series that the decoder met for the first time. `metadata` is None where it is the same as in the body before.
    `careful` counts the lines that could not be read at a glance.
    """

    entries: NDArray[np.int32]
    values: NDArray[np.float64]
    timestamps: NDArray[np.int64]
    duplicates: NDArray[np.bool_]
    starts: NDArray[np.int64] | None = None
    histograms: Mapping[int, Histogram] = field(default_factory=dict[int, Histogram])
    exemplars: Sequence[tuple[int, ExemplarText]] = ()
    appeared: Mapping[int, Labels] = field(default_factory=dict[int, Labels])
    metadata: Sequence[MetricMetadata] | None = None
    careful: int = 0

    def __len__(self) -> int:
        return int(self.entries.shape[0])


class Decoder(Protocol):
    """Reads the bodies of one target in one format, and remembers its series between them."""

    def decode(self, body: bytes) -> Exposition:
        """The columns of `body`. Raises ExpositionFailure; what was remembered before stays good."""
        ...

    def labels(self, entry: int) -> Labels:
        """The labels of a series met earlier."""
        ...

    def __len__(self) -> int:
        """How many entries there are."""
        ...

    def tidy(self) -> NDArray[np.int64] | None:
        """Forget what the last body did not have, where that is much.

        The entries are then renumbered: entry i was the i-th of what is returned. None where nothing changed.
        """
        ...
