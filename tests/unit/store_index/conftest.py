"""An index for each test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import Limits, SeriesIndex

MakeIndex = Callable[..., SeriesIndex]


def make_index(
    limits: Limits | None = None, id_bits: int = 44, registry: CollectorRegistry | None = None
) -> SeriesIndex:
    """An empty index."""
    bounds = limits or Limits()
    return SeriesIndex(Symbols(), registry=registry or CollectorRegistry(), limits_of=lambda _tenant: bounds)


@pytest.fixture
def index() -> SeriesIndex:
    return make_index()


@pytest.fixture
def new_index() -> MakeIndex:
    return make_index
