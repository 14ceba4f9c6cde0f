"""Frames of labels, changed by whole columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.quoting import quote
from watchkeeper.kernels.group import group_rows
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.symbols import QuerySymbols


def rows_as_groups(codes: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each row's group and each group's first row, groups in order of appearance."""
    if codes.shape[1] == 0:
        n = codes.shape[0]
        return np.zeros(n, dtype=np.int64), np.zeros(min(n, 1), dtype=np.int64)
    return group_rows(np.ascontiguousarray(codes))


def columns(frame: LabelFrame, names: Sequence[str]) -> NDArray[np.int32]:
    """The codes of `names` in their order, zeros for those the frame lacks; shape (n, len(names))."""
    if not names:
        return np.zeros((len(frame), 0), dtype=np.int32)
    return np.stack([frame.column(name) for name in names], axis=1)


def with_column(frame: LabelFrame, name: str, codes: NDArray[np.int32]) -> LabelFrame:
    """The frame with one label set (0: absent), replaced or new."""
    rest = frame.drop((name,))
    return LabelFrame(frame.symbols, (*rest.names, name), np.column_stack((rest.codes, codes)).astype(np.int32))


def without_metadata(frame: LabelFrame, rows: NDArray[np.bool_], metadata: Iterable[str]) -> LabelFrame:
    """The frame in which the marked rows have lost the labels `metadata`."""
    at = [i for i, name in enumerate(frame.names) if name in set(metadata)]
    if not at or not rows.any():
        return frame
    if rows.all():
        return frame.drop(frame.names[i] for i in at)
    codes = frame.codes.copy()
    for i in at:
        codes[rows, i] = 0
    return LabelFrame(frame.symbols, frame.names, codes)


def stacked(symbols: QuerySymbols, frames: Sequence[LabelFrame]) -> LabelFrame:
    """The rows of several frames over the same symbols, one after the other."""
    names = tuple(dict.fromkeys(name for frame in frames for name in frame.names))
    return LabelFrame(symbols, names, np.concatenate([columns(frame, names) for frame in frames]))


def label_pairs(symbols: QuerySymbols, frame: LabelFrame, row: int) -> list[tuple[str, str]]:
    """One row's labels, sorted by name."""
    codes: list[int] = frame.codes[row].tolist()
    return sorted((name, symbols[code]) for name, code in zip(frame.names, codes, strict=True) if code != 0)


def described(symbols: QuerySymbols, frame: LabelFrame, row: int) -> str:
    """One row's labels as Prometheus prints them: `{__name__="up", job="x"}`."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in label_pairs(symbols, frame, row)) + "}"


def metric_names(symbols: QuerySymbols, frame: LabelFrame, rows: NDArray[np.integer]) -> list[str]:
    """The distinct metric names of some rows, in order of appearance."""
    codes = frame.column(METRIC_NAME)[rows]
    return [symbols[code] for code in dict.fromkeys(codes.tolist())]
