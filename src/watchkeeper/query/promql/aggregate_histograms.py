"""Native histograms under aggregations: added up, or remarked and left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.group import any_in_group
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.annotations import Placed
from watchkeeper.query.promql.ast import Aggregate, AggregateOp
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.histograms import Note, remark
from watchkeeper.query.promql.histograms_aggregate import aggregate
from watchkeeper.query.promql.value import Vector, no_histograms, occupied, only_where


def ignored(context: Context, operation: str, vector: Vector, at: Placed) -> None:
    """Remark that an aggregation left histograms out, if there are any."""
    if vector.histograms is not None and occupied(vector.histograms).any():
        context.annotations.inform(f"ignored histogram in {operation} aggregation", at)


def fold_histograms(
    context: Context, expr: Aggregate, vector: Vector, floats: Vector, groups: NDArray[np.int64]
) -> Vector:
    """`sum` or `avg` of floats, with the histograms' beside; a group that mixes both at a step has no result there."""
    assert vector.histograms is not None
    count, steps = floats.shape
    held = occupied(vector.histograms)
    some = any_in_group(groups, held, count)
    mixed = some & floats.present
    if mixed.any():
        remark((Note.MIXED_WITH_FLOATS_AGGREGATED,), "", context.annotations, expr.expr)
    out = no_histograms(count, steps)
    for group in np.flatnonzero(some.any(axis=1)).tolist():
        members = np.flatnonzero((groups == group) & held.any(axis=1))
        held_here = only_where(vector.histograms[members], np.broadcast_to(~mixed[group], (members.size, steps)))
        rows: list[list[Histogram | None]] = held_here.tolist()
        done = aggregate(rows, steps, mean=expr.op is AggregateOp.AVG)
        remark(done.notes, "", context.annotations, expr.expr)
        names = vector.frame.column(METRIC_NAME)
        for row in done.incompatible:
            name = context.symbols[int(names[members[row]])]
            remark((Note.MIXED_SCHEMAS,), name, context.annotations, expr.expr)
        out[group] = done.values
    return replace(floats, present=floats.present & ~mixed, histograms=out)
