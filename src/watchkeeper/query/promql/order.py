"""Series in the order of their labels, as Prometheus compares label sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.query.promql.frames import label_pairs
from watchkeeper.query.promql.symbols import QuerySymbols

_FEW = 32


def sorted_rows(symbols: QuerySymbols, frame: LabelFrame) -> NDArray[np.int64] | None:
    """The rows in order, or None where they are in order already."""
    n = len(frame)
    if n < 2:
        return None
    if n <= _FEW:
        pairs = [label_pairs(symbols, frame, row) for row in range(n)]
        return np.array(sorted(range(n), key=pairs.__getitem__), dtype=np.int64)
    order = np.argsort(np.array(frame.names, dtype=object)) if frame.names else np.zeros(0, dtype=np.int64)
    keys: list[NDArray[np.int64]] = []
    later = np.zeros(n, dtype=np.bool_)
    for column in reversed(order.tolist()):
        codes = frame.codes[:, column]
        keys.append(_ranks(symbols, codes, later))
        later |= codes != 0
    return np.lexsort(keys) if keys else None


def _ranks(symbols: QuerySymbols, codes: NDArray[np.int32], later: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Values by their order; a row that lacks the label stands after all values if it has `later` ones, else before."""
    distinct, at = np.unique(codes, return_inverse=True)
    texts = symbols.texts(distinct)
    rank = np.empty(distinct.size, dtype=np.int64)
    rank[np.array(sorted(range(distinct.size), key=texts.__getitem__), dtype=np.int64)] = np.arange(
        1, distinct.size + 1
    )
    ranks = rank[at]
    return np.where(codes != 0, ranks, np.where(later, distinct.size + 1, 0))
