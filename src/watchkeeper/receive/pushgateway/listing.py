"""The groups as the Pushgateway's own API (`/api/v1/metrics`) lists them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from watchkeeper.receive.exposition.number import go_shortest
from watchkeeper.receive.pushgateway.gateway import Group
from watchkeeper.receive.pushgateway.text import HISTOGRAM, SUMMARY

_TYPES = ("COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM", "GAUGE_HISTOGRAM")


def listing(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """What stands in `data`: a mapping for each group, its families by name beside `labels`."""
    return [
        {
            "labels": group.labels,
            "last_push_successful": group.succeeded,
            **{name: _family(family, group.pushed_ms[name]) for name, family in sorted(group.families.items())},
        }
        for group in groups
    ]


def _family(family: Any, pushed_ms: int) -> dict[str, Any]:
    time = datetime.fromtimestamp(pushed_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shown: dict[str, Any] = {"time_stamp": time, "type": _TYPES[family.type] if family.type < len(_TYPES) else ""}
    if family.help:
        shown["help"] = family.help.decode()
    return {**shown, "metrics": [_metric(metric, family.type) for metric in family.metric]}


def _metric(metric: Any, kind: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"labels": {label.name.decode(): label.value.decode() for label in metric.label}}
    if kind == SUMMARY:
        part = metric.summary
        shown["quantiles"] = {_number(one.quantile): _number(one.value) for one in part.quantile}
    elif kind == HISTOGRAM:
        part = metric.histogram
        shown["buckets"] = {_number(one.upper_bound): str(one.cumulative_count) for one in part.bucket}
    else:
        part = next((getattr(metric, name) for name in ("gauge", "counter", "untyped") if metric.HasField(name)), None)
        return {**shown, "value": _number(part.value if part is not None else 0.0)}
    return {**shown, "count": str(part.sample_count), "sum": _number(part.sample_sum)}


def _number(value: float) -> str:
    """A float as Go prints it by default."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return go_shortest(value)
