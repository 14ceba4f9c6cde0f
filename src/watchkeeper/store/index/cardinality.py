"""How many series, names and values a tenant has: what /api/v1/status/tsdb answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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


def top(names: list[str], values: list[int], limit: int) -> tuple[Count, ...]:
    """The `limit` largest, by falling value, then by name."""
    order = sorted(range(len(names)), key=lambda i: (-values[i], names[i]))
    return tuple(Count(names[i], values[i]) for i in order[:limit])


def count(pairs: Pairs, symbols: Symbols, tenant: str, limit: int) -> tuple[tuple[Count, ...], ...]:
    """Series by metric, values by label, bytes by label and series by pair; last, the number of pairs of each label.

    Bytes are those of a label's values, once for each series that has them, as Prometheus counts them.
    """
    strings = symbols.strings
    names: list[str] = []
    values: list[int] = []
    sizes: list[int] = []
    metrics: tuple[Count, ...] = ()
    common: list[Count] = []
    code = pairs.tenants.get(tenant)
    for group in [] if code is None else list(pairs.tenant_groups[code]):
        name = strings[int(pairs.groups.stored.data[group]) & 0xFFFFFFFF]
        members = pairs.members[group].data[: pairs.sizes[group]]
        counts = pairs.counts.data[members]
        alive = counts > 0
        if not alive.any():
            continue
        texts = [strings[v] for v in (pairs.keys.stored.data[members[alive]] & 0xFFFFFFFF).tolist()]
        series: list[int] = counts[alive].tolist()
        names.append(name)
        values.append(len(texts))
        sizes.append(sum(len(text.encode()) * n for text, n in zip(texts, series, strict=True)))
        if name == METRIC_NAME:
            metrics = top(texts, series, limit)
        largest = np.argpartition(-counts[alive], min(limit, len(texts)) - 1)[:limit].tolist()
        common += [Count(f"{name}={texts[i]}", series[i]) for i in largest]
    by_pair = top([c.name for c in common], [c.value for c in common], limit)
    return metrics, top(names, values, limit), top(names, sizes, limit), by_pair, top(names, values, len(names))
