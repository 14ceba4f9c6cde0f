"""What a tenant's exporters have sent before, recognised by its bytes: no attribute is decoded twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.receive.otlp.delta import Deltas
from watchkeeper.receive.otlp.labelling import ResourceLabels

UNRESOLVED = -1
_FIRST_ROOM = 1024

Attributes = tuple[bytes, ...]


class Series(Protocol):
    """What the book needs of the store."""

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier become invalid."""
        ...

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The refs of label sets, −1 where a limit refuses a new series."""
        ...

    def alive(self, refs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say which of these refs (none of them negative) still stand for a series."""
        ...


@dataclass(slots=True)
class Family:
    """The entries of one classic histogram or summary; `parts` by the bounds or quantiles they were made for."""

    base: Mapping[str, str]
    sum: int
    count: int
    parts: dict[tuple[float, ...], list[int]] = field(default_factory=dict[tuple[float, ...], list[int]])


@dataclass(slots=True)
class Metric:
    """One metric of one scope: its name here, and the entries of its series by their encoded attributes.

    `told` is the description that was last stored as metadata, None where none was.
    """

    name: str
    type: str
    unit: str
    extra: Mapping[str, str]
    series: dict[Attributes, int] = field(default_factory=dict[Attributes, int])
    families: dict[Attributes, Family] = field(default_factory=dict[Attributes, Family])
    told: bytes | None = None


@dataclass(slots=True)
class Scope:
    """One instrumentation scope of one resource; metrics by name, unit and what decides their suffix."""

    labels: Mapping[str, str]
    metrics: dict[tuple[bytes, bytes, str], Metric] = field(default_factory=dict[tuple[bytes, bytes, str], Metric])


@dataclass(slots=True)
class Resource:
    """One resource; `target_info` is the entry of its own series, or None."""

    labels: ResourceLabels
    target_info: int | None
    scopes: dict[tuple[bytes, bytes], Scope] = field(default_factory=dict[tuple[bytes, bytes], Scope])


class Book:
    """One tenant's known series, as entries with labels and refs; used by one thread at a time.

    Beyond `most` entries everything but the delta streams is forgotten and learnt again.
    """

    def __init__(self, tenant: str, generation: int, most: int = 500_000) -> None:
        self.tenant = tenant
        self.deltas = Deltas()
        self.accumulating = asyncio.Lock()
        self._most = most
        self._generation = generation
        self._clear()

    def _clear(self) -> None:
        self.resources: dict[bytes, Resource] = {}
        self.labels: list[Labels] = []
        self._entries: dict[Labels, int] = {}
        self._refs: NDArray[np.int32] = np.full(_FIRST_ROOM, UNRESOLVED, dtype=np.int32)

    def tidy(self) -> None:
        """Forget everything where it has become too much; entries given out earlier have no meaning then."""
        if len(self.labels) > self._most or len(self.resources) > self._most:
            self._clear()

    def entry(self, labels: Mapping[str, str], name: str) -> int:
        """The entry of a label set with this metric name."""
        whole = Labels({**labels, METRIC_NAME: name})
        found = self._entries.setdefault(whole, len(self.labels))
        if found == len(self.labels):
            self.labels.append(whole)
            if found >= self._refs.size:
                more = np.full(self._refs.size, UNRESOLVED, dtype=np.int32)
                self._refs = np.concatenate([self._refs, more])
        return found

    def resolve(self, entries: NDArray[np.int32], series: Series) -> None:
        """Give refs to those of the entries that have none; one that a limit refuses is asked for again next time."""
        if series.generation != self._generation:
            generation = series.generation
            known = np.flatnonzero(self._refs >= 0)
            self._refs[known[~series.alive(self._refs[known])]] = UNRESOLVED
            self._generation = generation
        missing = np.unique(entries[self._refs[entries] == UNRESOLVED])
        if missing.size:
            self._refs[missing] = series.resolve(self.tenant, [self.labels[at] for at in missing.tolist()])

    def refs(self, entries: NDArray[np.int32]) -> NDArray[np.int32]:
        """The entries' refs, negative where a limit refused the series."""
        return self._refs[entries]
