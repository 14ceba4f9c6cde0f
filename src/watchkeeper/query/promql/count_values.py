"""count_values: how many series of a group have the same value, the value becoming a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.quoting import quote
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import to_text
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.ast import Aggregate, StringLiteral
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.frames import columns, rows_as_groups
from watchkeeper.query.promql.numerals import format_plain
from watchkeeper.query.promql.value import Vector, cells


def count_values(context: Context, expr: Aggregate, vector: Vector) -> Vector:
    """Counts by group and value; one series for each pair that occurs."""
    assert isinstance(expr.parameter, StringLiteral)
    label = expr.parameter.value
    if not label or not _is_utf8(label):
        raise EvaluationFailure(f"invalid label name {quote(label)}")
    rows, steps, codes = _occurrences(context, vector)
    base, names = _grouping(expr, vector.frame, label)
    keys = np.column_stack((base[rows], codes)).astype(np.int32)
    groups, firsts = rows_as_groups(keys)
    counts = np.zeros((firsts.size, vector.shape[1]), dtype=np.float64)
    np.add.at(counts, (groups, steps), 1.0)
    frame = LabelFrame(context.symbols, (*names, label), keys[firsts])
    return Vector(frame, counts, counts > 0, np.zeros(firsts.size, dtype=np.bool_))


def _grouping(expr: Aggregate, frame: LabelFrame, label: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    if expr.without:
        dropped = {METRIC_NAME, label, *expr.grouping}
        names = tuple(n for n in frame.names if n not in dropped)
    else:
        names = tuple(n for n in dict.fromkeys(expr.grouping) if n != label)
    return columns(frame, names), names


def _occurrences(context: Context, vector: Vector) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Each sample's row, step and the symbol of its value's text."""
    rows, steps = np.nonzero(vector.present)
    distinct, at = np.unique(vector.values[rows, steps].view(np.uint64), return_inverse=True)
    texts = [format_plain(value) for value in distinct.view(np.float64).tolist()]
    codes = context.symbols.intern_all(texts)[at] if texts else np.zeros(0, dtype=np.int32)
    found = cells(vector.histograms)
    if not found:
        return rows, steps, codes
    return (
        np.concatenate((rows, [i for i, _, _ in found])),
        np.concatenate((steps, [j for _, j, _ in found])),
        np.concatenate((codes, context.symbols.intern_all(to_text(h) for _, _, h in found))),
    )


def _is_utf8(text: str) -> bool:
    return not any(0xD800 <= ord(char) <= 0xDFFF for char in text)
