"""How many series, names and values a tenant has: what /api/v1/status/tsdb answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index.pairs import Pairs


@dataclass(frozen=True, slots=True)
class Count:
    """A name (or `name=value`) and its number."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Cardinality:
    """One tenant's figures, each list with the largest first. Times are ms, None where there is no sample."""

    series: int
    label_pairs: int
    min_time: int | None
    max_time: int | None
    series_by_metric: tuple[Count, ...]
    values_by_label: tuple[Count, ...]
    bytes_by_label: tuple[Count, ...]
    series_by_pair: tuple[Count, ...]


def count(
    pairs: Pairs,
    symbols: Symbols,
    tenant: str,
    limit: int,
    *,
    series: int,
    min_time: int | None,
    max_time: int | None,
) -> Cardinality:
    """A tenant's figures; each list has at most `limit` entries.

    Bytes are those of a label's values, once for each series that has them, as Prometheus counts them.
    """
    values: list[Count] = []
    sizes: list[Count] = []
    common: list[Count] = []
    metrics: list[Count] = []
    code = pairs.tenants.get(tenant)
    for group in [] if code is None else list(pairs.tenant_groups[code]):
        name = symbols[int(pairs.groups.stored.data[group]) & 0xFFFFFFFF]
        texts, counts = _values(pairs, symbols, group)
        if not texts:
            continue
        values.append(Count(name, len(texts)))
        sizes.append(Count(name, sum(len(text.encode()) * n for text, n in zip(texts, counts.tolist(), strict=True))))
        largest = [Count(texts[i], int(counts[i])) for i in np.argsort(-counts, kind="stable")[:limit].tolist()]
        common += [Count(f"{name}={one.name}", one.value) for one in largest]
        if name == METRIC_NAME:
            metrics = largest
    return Cardinality(
        series=series,
        label_pairs=sum(one.value for one in values),
        min_time=min_time,
        max_time=max_time,
        series_by_metric=_top(metrics, limit),
        values_by_label=_top(values, limit),
        bytes_by_label=_top(sizes, limit),
        series_by_pair=_top(common, limit),
    )


def _values(pairs: Pairs, symbols: Symbols, group: int) -> tuple[list[str], NDArray[np.int32]]:
    """The values of a label that living series have, and how many have each."""
    members = pairs.members[group].data[: pairs.sizes[group]]
    counts = pairs.counts.data[members]
    alive = counts > 0
    codes: list[int] = (pairs.keys.stored.data[members[alive]] & 0xFFFFFFFF).tolist()
    return [symbols[code] for code in codes], counts[alive]


def _top(counts: list[Count], limit: int) -> tuple[Count, ...]:
    """The `limit` largest, by falling value, then by name."""
    return tuple(sorted(counts, key=lambda one: (-one.value, one.name))[:limit])
