"""The sign before an expression."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.model.histogram import negate
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.merge import renamed
from watchkeeper.query.promql.value import Objects, Scalar, Text, Value, Vector, cells, no_histograms


def negated(context: Context, value: Value) -> Value:
    """`−value`; a vector's series lose their names."""
    if isinstance(value, Scalar):
        return Scalar(-value.values)
    if isinstance(value, Text):
        return value
    turned = replace(value, values=-value.values, histograms=_negated_histograms(value))
    return renamed(turned, delayed=context.options.delayed_name_removal)


def _negated_histograms(vector: Vector) -> Objects | None:
    if vector.histograms is None:
        return None
    out = no_histograms(*vector.shape)
    for i, j, h in cells(vector.histograms):
        out[i, j] = negate(h)
    return out
