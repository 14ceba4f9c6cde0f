"""Which new label sets a tenant's limits refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.store.index.labels import LabelColumns
from watchkeeper.store.index.limits import Limits

Number = TypeVar("Number", np.int32, np.int64)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the label set at `row` may not become a series."""

    row: int
    metric: str
    reason: str
    explanation: str


def metrics_of(columns: LabelColumns) -> NDArray[np.int32]:
    """Each label set's metric name as a position in `columns.strings`, −1 where it has none."""
    name = next((i for i, text in enumerate(columns.strings) if text == METRIC_NAME), -1)
    return values_of(columns.offsets, columns.names, columns.values, name)


def values_of(
    offsets: NDArray[np.int64], names: NDArray[Number], values: NDArray[Number], name: int
) -> NDArray[Number]:
    """Each label set's value of one label, −1 where it lacks it; names and values are numbers of any kind."""
    out = np.full(offsets.size - 1, -1, dtype=values.dtype)
    at = np.flatnonzero(names == name)
    out[np.searchsorted(offsets, at, side="right") - 1] = values[at]
    return out


def refusals(
    columns: LabelColumns, limits: Limits, used: int, used_by_metric: Callable[[str], int], wanted: NDArray[np.int32]
) -> list[Refusal]:
    """Hold new label sets against the limits, in their order.

    `used` and `used_by_metric` say how many series there are already; `wanted` is `metrics_of(columns)`.
    """
    found = _too_large(columns, limits, wanted)
    bad = {refusal.row for refusal in found}
    return found + _too_many(columns, limits, used, used_by_metric, wanted, bad)


def _metric(columns: LabelColumns, at: int) -> str:
    return columns.strings[at] if at >= 0 else ""


def _too_large(columns: LabelColumns, limits: Limits, wanted: NDArray[np.int32]) -> list[Refusal]:
    """Label sets with too many labels, or too long ones."""
    names: list[int] = wanted.tolist()
    refused: dict[int, Refusal] = {}
    if limits.labels_per_series:
        sizes = np.diff(columns.offsets)
        for row in np.flatnonzero(sizes > limits.labels_per_series).tolist():
            text = f"{sizes[row]} labels, of {limits.labels_per_series} allowed (labels_per_series)"
            refused[row] = Refusal(row, _metric(columns, names[row]), "labels_per_series", text)
    for limit, at, word in (
        (limits.label_name_length, columns.names, "label_name_length"),
        (limits.label_value_length, columns.values, "label_value_length"),
    ):
        if not limit:
            continue
        sizes = np.array([len(text.encode()) for text in columns.strings], dtype=np.int64)
        for pair in np.flatnonzero(sizes[at] > limit).tolist():
            row = int(np.searchsorted(columns.offsets, pair, side="right")) - 1
            name = columns.strings[int(columns.names[pair])]
            text = f"label {name[:200]!r}: {sizes[at[pair]]} bytes, of {limit} allowed ({word})"
            refused.setdefault(row, Refusal(row, _metric(columns, names[row])[:200], word, text))
    return list(refused.values())


def _too_many(
    columns: LabelColumns,
    limits: Limits,
    used: int,
    used_by_metric: Callable[[str], int],
    wanted: NDArray[np.int32],
    bad: set[int],
) -> list[Refusal]:
    """Label sets beyond the number of series that a tenant or a metric may have."""
    if not limits.series and not limits.series_per_metric:
        return []
    refused: list[Refusal] = []
    seen: set[bytes] = set()
    metrics: dict[int, int] = {}
    for row, at in enumerate(wanted.tolist()):
        if row in bad:
            continue
        begin, end = columns.offsets[row], columns.offsets[row + 1]
        key = columns.names[begin:end].tobytes() + columns.values[begin:end].tobytes()
        if key in seen:
            continue
        name = _metric(columns, at)
        if at not in metrics:
            metrics[at] = used_by_metric(name)
        if limits.series and used >= limits.series:
            text = f"{used} series, all that the tenant is allowed (series)"
            refused.append(Refusal(row, name, "series", text))
        elif limits.series_per_metric and metrics[at] >= limits.series_per_metric:
            text = f"{metrics[at]} series, all that a metric is allowed (series_per_metric)"
            refused.append(Refusal(row, name, "series_per_metric", text))
        else:
            seen.add(key)
            used += 1
            metrics[at] += 1
    return refused
