"""Operators between vectors: series find each other by signature, a hash join over label columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.quoting import quote
from watchkeeper.kernels.group import any_in_group, first_overlap, pair_rows
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.arithmetic import changes_metric
from watchkeeper.query.promql.ast import Binary, Cardinality, VectorMatching
from watchkeeper.query.promql.binary import Applied, Side, apply
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.frames import columns, described, label_pairs, rows_as_groups, with_column
from watchkeeper.query.promql.merge import merged, names_removed
from watchkeeper.query.promql.sets import set_operation
from watchkeeper.query.promql.value import METADATA_LABELS, Vector, no_histograms, only_where

AMBIGUOUS_MANY = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
AMBIGUOUS_RESULT = "multiple matches for labels: grouping labels must ensure unique matches"


@dataclass(frozen=True, slots=True)
class _Join:
    """Two vectors by signature: the «many» (or left) side, the «one» side, each row's group, how many groups.

    `swapped` where the «many» side is the operator's right one.
    """

    expr: Binary
    matching: VectorMatching
    many: Vector
    one: Vector
    many_groups: NDArray[np.int64]
    one_groups: NDArray[np.int64]
    count: int
    swapped: bool


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows to be computed: a position in either side, −1 where a fill value stands in; and where (p, s)."""

    many: NDArray[np.int64]
    one: NDArray[np.int64]
    where: NDArray[np.bool_]


def between_vectors(context: Context, expr: Binary, left: Vector, right: Vector) -> Vector:
    """The operator between two vectors. Raises EvaluationFailure where matches are ambiguous."""
    matching = expr.matching or VectorMatching()
    left_groups, right_groups, count = signatures(matching, left.frame, right.frame)
    if expr.op.is_set:
        return set_operation(context, expr.op, left, right, left_groups, right_groups, count)
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    if swapped:
        join = _Join(expr, matching, right, left, right_groups, left_groups, count, swapped)
    else:
        join = _Join(expr, matching, left, right, left_groups, right_groups, count, swapped)
    _check_one_side(context, join)
    pairs = _pairs(join)
    context.make_room(pairs.many.size, left.shape[1])
    done = _computed(context, join, pairs)
    return _result(context, join, pairs, done)


def signatures(
    matching: VectorMatching, left: LabelFrame, right: LabelFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Each row's group on either side, and the number of groups: rows whose matching labels are equal."""
    if matching.on:
        names = tuple(dict.fromkeys(matching.labels))
    else:
        ignored = {METRIC_NAME, *matching.labels}
        names = tuple(n for n in dict.fromkeys((*left.names, *right.names)) if n not in ignored)
    groups, firsts = rows_as_groups(np.concatenate((columns(left, names), columns(right, names))))
    return groups[: len(left)], groups[len(left) :], firsts.size


def _check_one_side(context: Context, join: _Join) -> None:
    """Raise EvaluationFailure where two series of the «one» side share a signature at some step."""
    n = len(join.one.frame)
    if n < 2 or np.bincount(join.one_groups, minlength=join.count).max(initial=0) < 2:
        return
    if not len(join.many.frame) and join.matching.fill_left is None and join.matching.fill_right is None:
        return
    present = join.one.occupied()
    if join.matching.fill_left is None and join.matching.fill_right is None:
        # At a step where the other side has nothing at all, nothing is matched and nothing is wrong.
        present = present & join.many.occupied().any(axis=0)
    a, b, _ = first_overlap(join.one_groups, present, join.count)
    if a < 0:
        return
    frame = join.one.frame
    side = "left" if join.swapped else "right"
    rows = sorted((described(context.symbols, frame, a), described(context.symbols, frame, b)))
    raise EvaluationFailure(
        f"found duplicate series for the match group {_group_text(context, join.matching, frame, a)} "
        f"on the {side} hand-side of the operation: [{rows[0]}, {rows[1]}];"
        "many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _group_text(context: Context, matching: VectorMatching, frame: LabelFrame, row: int) -> str:
    pairs = label_pairs(context.symbols, frame, row)
    if matching.on:
        pairs = [(name, value) for name, value in pairs if name in matching.labels]
    else:
        pairs = [(name, value) for name, value in pairs if name not in (METRIC_NAME, *matching.labels)]
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in pairs) + "}"


def _pairs(join: _Join) -> _Pairs:
    many, one = pair_rows(join.many_groups, join.one_groups, join.count)
    many_there, one_there = join.many.occupied(), join.one.occupied()
    found = _Pairs(many, one, many_there[many] & one_there[one])
    # With group_right as without, `fill_left` stands in for the «many» side and `fill_right` for the «one» side.
    fill_many, fill_one = join.matching.fill_left, join.matching.fill_right
    parts = [found]
    if fill_one is not None:
        matched = any_in_group(join.one_groups, one_there, join.count)[join.many_groups]
        parts.append(_filled(many_there & ~matched, fills_one=True))
    if fill_many is not None:
        matched = any_in_group(join.many_groups, many_there, join.count)[join.one_groups]
        parts.append(_filled(one_there & ~matched, fills_one=False))
    if len(parts) == 1:
        return found
    return _Pairs(
        np.concatenate([p.many for p in parts]),
        np.concatenate([p.one for p in parts]),
        np.concatenate([p.where for p in parts]),
    )


def _filled(where: NDArray[np.bool_], *, fills_one: bool) -> _Pairs:
    rows = np.flatnonzero(where.any(axis=1))
    missing = np.full(rows.size, -1, dtype=np.int64)
    return _Pairs(rows, missing, where[rows]) if fills_one else _Pairs(missing, rows, where[rows])


def _computed(context: Context, join: _Join, pairs: _Pairs) -> Applied:
    many = _side(join.many, pairs.many, join.matching.fill_left, pairs.where)
    one = _side(join.one, pairs.one, join.matching.fill_right, pairs.where)
    return apply(context, join.expr, one, many) if join.swapped else apply(context, join.expr, many, one)


def _side(vector: Vector, rows: NDArray[np.int64], fill: float | None, where: NDArray[np.bool_]) -> Side:
    """One operand's cells for the given rows, restricted to `where`; the fill value where the row is −1."""
    n, s = vector.shape
    if fill is None or not (rows < 0).any():
        histograms = None if vector.histograms is None else only_where(vector.histograms[rows], where)
        return Side(vector.values[rows], vector.present[rows] & where, histograms)
    blank = rows < 0
    at = np.where(blank, n, rows)
    values = np.concatenate((vector.values, np.full((1, s), fill)))[at]
    present = np.concatenate((vector.present, np.ones((1, s), dtype=np.bool_)))[at] & where
    if vector.histograms is None:
        return Side(values, present)
    histograms = np.concatenate((vector.histograms, no_histograms(1, s)))[at]
    return Side(values, present, only_where(histograms, where))


def _result(context: Context, join: _Join, pairs: _Pairs, done: Applied) -> Vector:
    frame = _labels(context, join, pairs)
    _check_unique(join, pairs, frame, done)
    nameless = np.full(len(frame), join.expr.returns_bool)
    result = Vector(frame, np.ascontiguousarray(done.values), done.present, nameless, done.histograms)
    if not context.options.delayed_name_removal:
        result = names_removed(result)
    return merged(result)


def _labels(context: Context, join: _Join, pairs: _Pairs) -> LabelFrame:
    """The labels of each pair: the «many» side's, less what is not matched on, with what `group_x` includes."""
    matching = join.matching
    base = _taken(join.many.frame, pairs.many)
    blank = pairs.many < 0
    if blank.any():
        base = _with_matched(matching, base, join.one.frame, pairs.one, blank)
    if changes_metric(join.expr.op):
        base = base.drop(METADATA_LABELS)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        base = base.keep(matching.labels) if matching.on else base.drop(matching.labels)
    included = _taken(join.one.frame, pairs.one)
    for name in matching.include:
        base = with_column(base, name, included.column(name))
    return base


def _taken(frame: LabelFrame, rows: NDArray[np.int64]) -> LabelFrame:
    """The given rows; a row of −1 has no labels."""
    if not (rows < 0).any():
        return frame.take(rows)
    codes = np.concatenate((frame.codes, np.zeros((1, frame.codes.shape[1]), dtype=np.int32)))
    return LabelFrame(frame.symbols, frame.names, codes[rows])


def _with_matched(
    matching: VectorMatching, base: LabelFrame, other: LabelFrame, rows: NDArray[np.int64], blank: NDArray[np.bool_]
) -> LabelFrame:
    """`base` with the blank rows given the matching labels of the other side."""
    source = _taken(other, rows)
    source = source.keep(matching.labels) if matching.on else source.drop((METRIC_NAME, *matching.labels))
    for name in source.names:
        base = with_column(base, name, np.where(blank, source.column(name), base.column(name)))
    return base


def _check_unique(join: _Join, pairs: _Pairs, frame: LabelFrame, done: Applied) -> None:
    """Raise EvaluationFailure where a signature has several results at a step that cannot be told apart."""
    groups = np.where(
        pairs.many >= 0,
        join.many_groups[np.maximum(pairs.many, 0)] if len(join.many.frame) else -1,
        join.one_groups[np.maximum(pairs.one, 0)] if len(join.one.frame) else -1,
    ).astype(np.int64)
    if groups.size < 2:
        return
    one_to_one = join.matching.cardinality is Cardinality.ONE_TO_ONE
    if not one_to_one:
        ids = np.column_stack((groups.astype(np.int32), frame.codes)).astype(np.int32)
        groups, firsts = rows_as_groups(ids)
        count = firsts.size
    else:
        count = join.count
    if np.bincount(groups, minlength=count).max(initial=0) < 2:
        return
    if first_overlap(groups, done.tried, count)[0] >= 0:
        raise EvaluationFailure(AMBIGUOUS_MANY if one_to_one else AMBIGUOUS_RESULT)
