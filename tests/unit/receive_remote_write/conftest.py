"""A receiver over a real store on a real engine, and one whose batches can be looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.model.symbols import Symbols
from watchkeeper.receive.remote_write import BodyLimits, RemoteWrite
from watchkeeper.store import StoreOptions
from watchkeeper.store.index import LabelColumns, Limits, SeriesIndex

NOW = 1_763_700_000_000


class Shelf:
    """A sink over a real series index that keeps the batches as they come."""

    def __init__(self) -> None:
        self.generation = 0
        self.index = SeriesIndex(Symbols(), registry=CollectorRegistry())
        self.batches: list[SampleBatch] = []
        self.asked = 0
        self.error: Exception | None = None

    def resolve_columns(self, tenant: str, columns: LabelColumns) -> NDArray[np.int32]:
        self.asked += len(columns)
        return self.index.resolve_columns(tenant, columns)

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        return AppendOutcome(batch.refs.size, len(batch.histograms), len(batch.exemplars))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def receiver(shelf: Shelf) -> RemoteWrite:
    return RemoteWrite(shelf, CollectorRegistry(), BodyLimits(1 << 20, 2 << 20))


@pytest.fixture
def store_options() -> StoreOptions:
    """A metric may have four series."""
    return StoreOptions(limits_of=lambda _tenant: Limits(series_per_metric=4))
