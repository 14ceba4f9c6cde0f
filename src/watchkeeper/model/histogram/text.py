"""Histograms as people and clients read them: Go's form, the test language's literal, the HTTP API's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from watchkeeper.model.histogram.bounds import Table, upper_bounds
from watchkeeper.model.histogram.digits import general, sample
from watchkeeper.model.histogram.layout import compact
from watchkeeper.model.histogram.values import Buckets, CounterReset, Histogram

JsonBucket: TypeAlias = list[int | str]
JsonHistogram: TypeAlias = dict[str, str | list[JsonBucket]]

_HINTS = {CounterReset.YES: "reset", CounterReset.NO: "not_reset", CounterReset.GAUGE: "gauge"}


def to_text(h: Histogram) -> str:
    """The form of templates and `count_values`, such as `{count:3, sum:5, [-0.001,0.001]:1, (0.5,1]:2}`."""
    parts = [f"count:{general(h.count)}", f"sum:{general(h.sum)}"]
    parts += reversed(list(_side(h, h.negative, negative=True)))
    if h.zero_count != 0 and not h.uses_custom_buckets:
        edge = general(h.zero_threshold)
        parts.append(f"[{general(-h.zero_threshold)},{edge}]:{general(h.zero_count)}")
    parts += _side(h, h.positive, negative=False)
    return "{" + ", ".join(parts) + "}"


def _side(h: Histogram, buckets: Buckets, *, negative: bool) -> Iterator[str]:
    outer = upper_bounds(buckets.index, h.schema, h.custom_values).tolist()
    inner = upper_bounds(buckets.index - 1, h.schema, h.custom_values).tolist()
    for index, low, high, count in zip(buckets.index.tolist(), inner, outer, buckets.count.tolist(), strict=True):
        if count == 0:
            continue
        if negative:
            yield f"[{general(-high)},{general(-low)}):{general(count)}"
        else:
            opening = "[" if h.uses_custom_buckets and index == 0 else "("
            yield f"{opening}{general(low)},{general(high)}]:{general(count)}"


def to_literal(h: Histogram) -> str:
    """The literal of Prometheus' test language, such as `{{schema:1 count:3 sum:5 buckets:[1 0 2]}}`."""
    h = compact(h)
    parts = [
        f"{name}:{general(value)}"
        for name, value in (
            ("schema", float(h.schema)),
            ("count", h.count),
            ("sum", h.sum),
            ("z_bucket", h.zero_count),
            ("z_bucket_w", h.zero_threshold),
        )
        if value != 0
    ]
    if h.uses_custom_buckets:
        parts.append(f"custom_values:[{' '.join(map(general, h.custom_values))}]")
    if h.reset is not CounterReset.UNKNOWN:
        parts.append(f"counter_reset_hint:{_HINTS[h.reset]}")
    parts += _literal_side(h.positive, "offset", "buckets")
    parts += _literal_side(h.negative, "n_offset", "n_buckets")
    return "{{" + " ".join(parts) + "}}"


def _literal_side(buckets: Buckets, offset: str, name: str) -> Iterator[str]:
    if not len(buckets):
        return
    first = int(buckets.index[0])
    if first != 0:
        yield f"{offset}:{first}"
    dense = np.zeros(int(buckets.index[-1]) - first + 1)
    dense[buckets.index - first] = buckets.count
    yield f"{name}:[{' '.join(map(general, dense.tolist()))}]"


def to_json(h: Histogram) -> JsonHistogram:
    """The value that the HTTP API answers, numbers as strings.

    Each bucket is `[rule, lower, upper, count]`; rule 0: only the upper bound belongs in, 1: only the lower,
    2: neither, 3: both. Empty buckets are left out.
    """
    out: JsonHistogram = {"count": sample(h.count), "sum": sample(h.sum)}
    table = Table(h)
    rules = np.where(table.closed_below, np.where(table.closed_above, 3, 1), np.where(table.closed_above, 0, 2))
    rows = zip(rules.tolist(), table.lower.tolist(), table.upper.tolist(), table.count.tolist(), strict=True)
    buckets: list[JsonBucket] = [
        [rule, sample(low), sample(high), sample(count)] for rule, low, high, count in rows if count != 0
    ]
    if buckets:
        out["buckets"] = buckets
    return out
