"""From an expression's answer to the series that a rule writes: its name and labels set, by whole columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.group import group_rows
from watchkeeper.model.frame import LabelFrame
from watchkeeper.rules.failure import EvaluationFailure
from watchkeeper.store.index import LabelColumns


def labelled(frame: LabelFrame, labels: Mapping[str, str]) -> LabelColumns:
    """The series of `frame` with `labels` set on each; an empty value takes a label away."""
    rest = frame.drop(labels)
    added = {name: value for name, value in labels.items() if value}
    names = sorted((*rest.names, *added))
    number: dict[str, int] = {}
    distinct, at = np.unique(rest.codes, return_inverse=True)
    texts = [number.setdefault(rest.symbols[code], len(number)) for code in distinct.tolist()]
    values = np.zeros((len(frame), len(names)), dtype=np.int32)
    present = np.ones(values.shape, dtype=np.bool_)
    column = {name: i for i, name in enumerate(names)}
    if rest.names:
        where = [column[name] for name in rest.names]
        values[:, where] = np.array(texts, dtype=np.int32)[at].reshape(rest.codes.shape)
        present[:, where] = rest.codes != 0
    for name, value in added.items():
        values[:, column[name]] = number.setdefault(value, len(number))
    codes = np.array([number.setdefault(name, len(number)) for name in names], dtype=np.int32)
    offsets = np.zeros(len(frame) + 1, dtype=np.int64)
    np.cumsum(np.count_nonzero(present, axis=1), out=offsets[1:])
    return LabelColumns(list(number), offsets, np.broadcast_to(codes, values.shape)[present], values[present])


def check_distinct(frame: LabelFrame, labels: Mapping[str, str], kind: str) -> None:
    """Raise EvaluationFailure where two series become one once `labels` are set; `kind` is what messages call them."""
    codes: NDArray[np.int32] = np.ascontiguousarray(frame.drop(labels).codes)
    n, k = codes.shape
    distinct = min(n, 1) if k == 0 else group_rows(codes)[1].size
    if distinct < n:
        raise EvaluationFailure(f"vector contains metrics with the same labelset after applying {kind} labels")
