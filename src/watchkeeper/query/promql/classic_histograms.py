"""histogram_quantile, histogram_quantiles and histogram_fraction, over classic and native histograms alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.quoting import quote
from watchkeeper.kernels.buckets import bucket_fractions, bucket_quantiles
from watchkeeper.kernels.group import any_in_group
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.histogram.digits import general
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.annotations import for_metric
from watchkeeper.query.promql.ast import Call, Expr
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.frames import metric_names, rows_as_groups, stacked, with_column
from watchkeeper.query.promql.histograms import FloatOutcome, Note, remark
from watchkeeper.query.promql.histograms_read import fraction, quantile
from watchkeeper.query.promql.merge import merged, renamed
from watchkeeper.query.promql.steps import Steps
from watchkeeper.query.promql.value import Vector, cells, occupied

_BOUND = "le"


@dataclass(frozen=True, slots=True)
class Classic:
    """The classic histograms of a vector: their labels, and their buckets as `kernels.buckets` wants them."""

    frame: LabelFrame
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    bounds: NDArray[np.float64]
    values: NDArray[np.float64]
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Split:
    """Both kinds of histograms of one vector, less those that are there as both at a step."""

    classic: Classic
    native: Vector | None


def split(context: Context, vector: Vector, at: Expr) -> Split:
    """Sort a vector's floats into classic histograms by their `le`, and set its native ones apart."""
    codes, bounds = _bounds(context, vector.frame)
    usable = ~np.isnan(bounds)
    if not usable.all():
        _remark_bad_bounds(context, vector, codes, usable, at)
    frame = vector.frame.drop((_BOUND,))
    groups, firsts = rows_as_groups(frame.codes)
    order = np.lexsort((bounds, groups))
    order = order[usable[order]]
    present = vector.present
    native: Vector | None = None
    if vector.histograms is not None:
        native, conflict = _apart(context, vector, codes, groups, firsts.size, usable, at)
        present = present & ~conflict[groups]
    starts = np.searchsorted(groups[order], np.arange(firsts.size + 1)).astype(np.int64)
    classic = Classic(frame.take(firsts), order, starts, bounds, vector.values, present)
    return Split(classic, native)


def _bounds(context: Context, frame: LabelFrame) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Each row's `le` symbol and its number, NaN where it is none."""
    codes = frame.column(_BOUND)
    distinct, at = np.unique(codes, return_inverse=True)
    numbers = np.array([_number(text) for text in context.symbols.texts(distinct)], dtype=np.float64)
    return codes, numbers[at] if numbers.size else np.zeros(0)


def _number(text: str) -> float:
    if "_" in text or text != text.strip():
        return np.nan
    try:
        return float(text)
    except ValueError:
        return np.nan


def _remark_bad_bounds(
    context: Context, vector: Vector, codes: NDArray[np.int32], usable: NDArray[np.bool_], at: Expr
) -> None:
    bad = np.flatnonzero(~usable & vector.present.any(axis=1))
    names = vector.frame.column(METRIC_NAME)
    for name, code in dict.fromkeys(zip(names[bad].tolist(), codes[bad].tolist(), strict=True)):
        metric = context.symbols[name] if context.options.delayed_name_removal else ""
        text = f'bucket label "le" is missing or has a malformed value of {quote(context.symbols[code])}'
        context.annotations.warn(text + for_metric(metric), at)


def _apart(
    context: Context,
    vector: Vector,
    codes: NDArray[np.int32],
    groups: NDArray[np.int64],
    count: int,
    usable: NDArray[np.bool_],
    at: Expr,
) -> tuple[Vector, NDArray[np.bool_]]:
    """The native histograms that have no classic twin at the same step, and where both were there, shape (g, s)."""
    assert vector.histograms is not None
    held = occupied(vector.histograms)
    classic = any_in_group(groups, vector.present & usable[:, None], count)
    plain = held & (codes == 0)[:, None]
    conflict = any_in_group(groups, plain, count) & classic
    if conflict.any():
        rows = np.flatnonzero((plain & conflict[groups]).any(axis=1))
        for metric in metric_names(context.symbols, vector.frame, rows):
            shown = metric if context.options.delayed_name_removal else ""
            remark((Note.CLASSIC_AND_NATIVE,), shown, context.annotations, at)
        held = held & ~(plain & conflict[groups])
    rows = np.flatnonzero(held.any(axis=1))
    return vector.take(rows).where(held[rows]), conflict


def histogram_quantile(
    context: Context, expr: Call, quantiles: NDArray[np.float64], vector: Vector, steps: Steps
) -> Vector:
    """The quantile of each histogram at each step."""
    _judge(context, quantiles, expr.args[0])
    parts = split(context, vector, expr.args[1])
    done = _quantiles(context, parts, quantiles, steps, expr.args[1])
    return renamed(merged(done), delayed=context.options.delayed_name_removal)


def histogram_quantiles(
    context: Context,
    expr: Call,
    vector: Vector,
    label: str,
    quantiles: list[NDArray[np.float64]],
    steps: Steps,
) -> Vector:
    """Several quantiles of each histogram, each with its number in a label."""
    for i, each in enumerate(quantiles):
        _judge(context, each, expr.args[2 + i])
    parts = split(context, vector, expr.args[0])
    found: list[Vector] = []
    for each in quantiles:
        for q in np.unique(each).tolist():
            done = _quantiles(context, parts, each, steps, expr.args[0])
            chosen = np.isnan(each) if q != q else each == q
            code = context.symbols.intern(_openmetrics(q))
            frame = with_column(done.frame, label, np.full(len(done.frame), code, dtype=np.int32))
            found.append(Vector(frame, done.values, done.present & chosen, done.nameless))
    return renamed(merged(_stacked(context, found)), delayed=context.options.delayed_name_removal)


def histogram_fraction(
    context: Context, expr: Call, lower: NDArray[np.float64], upper: NDArray[np.float64], vector: Vector
) -> Vector:
    """The share of each histogram's observations between two numbers at each step."""
    parts = split(context, vector, expr.args[2])
    classic = parts.classic
    h, s = len(classic.frame), vector.shape[1]
    values, found = np.empty((h, s)), np.empty((h, s), dtype=np.bool_)
    context.rows(
        h,
        s,
        lambda first, last: bucket_fractions(
            classic.rows, classic.starts, classic.bounds, classic.values, classic.present, lower, upper,
            first, last, values, found,
        ),
    )  # fmt: skip
    done = Vector(classic.frame, values, found, np.zeros(h, dtype=np.bool_))
    native = _read(context, parts.native, lambda histogram, j: fraction(lower[j], upper[j], histogram), expr.args[2])
    both = done if native is None else _stacked(context, [native, done])
    return renamed(merged(both), delayed=context.options.delayed_name_removal)


def _quantiles(context: Context, parts: Split, quantiles: NDArray[np.float64], steps: Steps, at: Expr) -> Vector:
    classic = parts.classic
    h, s = len(classic.frame), quantiles.size
    context.make_room(h, s)
    values, found = np.empty((h, s)), np.empty((h, s), dtype=np.bool_)
    forced = np.zeros((h, 6))
    context.rows(
        h,
        s,
        lambda first, last: bucket_quantiles(
            classic.rows, classic.starts, classic.bounds, classic.values, classic.present, quantiles,
            first, last, values, found, forced,
        ),
    )  # fmt: skip
    _remark_forced(context, classic.frame, forced, steps, at)
    done = Vector(classic.frame, values, found, np.zeros(h, dtype=np.bool_))
    native = _read(context, parts.native, lambda histogram, j: quantile(quantiles[j], histogram), at)
    return done if native is None else _stacked(context, [native, done])


def _remark_forced(context: Context, frame: LabelFrame, forced: NDArray[np.float64], steps: Steps, at: Expr) -> None:
    """Remark on each metric of which some histogram's counts fell from bucket to bucket."""
    rows = np.flatnonzero(forced[:, 0])
    names = frame.column(METRIC_NAME)[rows]
    for name in np.unique(names).tolist():
        of = forced[rows[names == name]]
        context.annotations.forced_monotonicity(
            context.symbols[name] if context.options.delayed_name_removal else "",
            at,
            low=float(of[:, 3].min()),
            high=float(of[:, 4].max()),
            difference=float(of[:, 5].max()),
            count=int(of[:, 0].sum()),
            oldest=steps.start + int(of[:, 1].min()) * steps.step,
            newest=steps.start + int(of[:, 2].max()) * steps.step,
        )


def _read(
    context: Context, native: Vector | None, read: Callable[[Histogram, int], FloatOutcome], at: Expr
) -> Vector | None:
    """What `read` says of each native histogram at its step."""
    if native is None or not len(native.frame):
        return None
    values = np.full(native.shape, np.nan)
    present = np.zeros(native.shape, dtype=np.bool_)
    names = native.frame.column(METRIC_NAME)
    for i, j, h in cells(native.histograms):
        outcome = read(h, j)
        remark(outcome.notes, context.symbols[int(names[i])], context.annotations, at)
        if outcome.value is not None:
            values[i, j] = outcome.value
            present[i, j] = True
    return Vector(native.frame, values, present, native.nameless)


def _stacked(context: Context, parts: list[Vector]) -> Vector:
    return Vector(
        stacked(context.symbols, [part.frame for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.nameless for part in parts]),
    )


def _judge(context: Context, quantiles: NDArray[np.float64], at: Expr) -> None:
    wrong = quantiles[~((quantiles >= 0) & (quantiles <= 1))]
    for q in np.unique(wrong).tolist():
        context.annotations.warn(f"quantile value should be between 0 and 1, got {general(q)}", at)


def _openmetrics(q: float) -> str:
    """A number as OpenMetrics writes a label's: always with a point or an exponent."""
    text = general(q)
    return text if not text.lstrip("-").isdigit() else text + ".0"
