"""sort and its kin: the order of an instant query's answer."""

from __future__ import annotations

import re
from functools import cmp_to_key

import numpy as np

from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.frames import label_pairs
from watchkeeper.query.promql.value import Vector

_CHUNK = re.compile(r"[0-9]+|[^0-9]+")
_LARGEST_INT = (1 << 63) - 1


def sort_by_value(vector: Vector, *, descending: bool) -> Vector:
    """Floats only, by rising or falling value, NaN last; over several steps nothing is ordered."""
    floats = vector.with_values(vector.values)
    if vector.shape[1] != 1:
        return floats
    values = vector.values[:, 0]
    return floats.take(np.lexsort((-values if descending else values, np.isnan(values))))


def sort_by_label(context: Context, vector: Vector, labels: list[str], *, descending: bool) -> Vector:
    """By the natural order of the given labels' values, then by the whole label set."""
    if vector.shape[1] != 1:
        return vector
    keys: list[list[int]] = []
    for label in labels:
        distinct, at = np.unique(vector.frame.column(label), return_inverse=True)
        texts = context.symbols.texts(distinct)
        order = sorted(range(len(texts)), key=cmp_to_key(lambda a, b, t=texts: natural_order(t[a], t[b])))
        rank = np.empty(len(texts), dtype=np.int64)
        rank[order] = np.arange(len(texts))
        keys.append(rank[at].tolist())
    pairs = [label_pairs(context.symbols, vector.frame, row) for row in range(len(vector.frame))]
    rows = sorted(
        range(len(vector.frame)), key=lambda row: (*(key[row] for key in keys), pairs[row]), reverse=descending
    )
    return vector.take(np.array(rows, dtype=np.int64))


def natural_order(a: str, b: str) -> int:
    """Negative where `a` stands before `b`: digits compare as numbers, the rest as text, chunk by chunk."""
    if a == b:
        return 0
    ours, theirs = _CHUNK.findall(a), _CHUNK.findall(b)
    for mine, other in zip(ours, theirs, strict=False):
        first, second = _number(mine), _number(other)
        if first is not None and second is not None:
            if first != second:
                return -1 if first < second else 1
        elif mine != other:
            return -1 if mine < other else 1
    return -1 if len(ours) <= len(theirs) else 1


def _number(chunk: str) -> int | None:
    if not chunk[0].isdigit():
        return None
    number = int(chunk) if len(chunk) < 20 else _LARGEST_INT + 1
    return number if number <= _LARGEST_INT else None
