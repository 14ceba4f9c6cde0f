"""Counter-reset hints of samples of which a query reads only count and sum.

There Prometheus compares each sample with the one before as it reads them, so that the hint says YES or NO; elsewhere
hints stay as they are stored. It shows in warnings about conflicting counter resets where such samples are added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from watchkeeper.model.histogram import CounterReset, Histogram, detect_reset, with_reset
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Call,
    Expr,
    MatrixSelector,
    Subquery,
    VectorSelector,
    children,
)
from watchkeeper.query.promql.windows import is_stale

_TOTALS = frozenset({"histogram_count", "histogram_sum", "histogram_avg"})
_BUCKETS = frozenset({"histogram_quantile", "histogram_quantiles", "histogram_fraction"})
_FOLDS = frozenset({"sum_over_time", "avg_over_time"})
_SUMS = frozenset({BinaryOp.ADD, BinaryOp.SUB})
_TRIMS = frozenset({BinaryOp.TRIM_LOWER, BinaryOp.TRIM_UPPER})


def added_up_for_totals(expr: Expr) -> frozenset[int]:
    """The identities of the selectors whose histograms are added up below a function of count and sum.

    Nothing between or above may need buckets or step over samples. The other functions of ranges find resets
    themselves, and what is not added up cannot conflict, so that their selectors are left out.
    """
    found: set[int] = set()
    waiting: list[tuple[Expr, bool, bool]] = [(expr, False, False)]
    while waiting:
        part, totals, added = waiting.pop()
        match part:
            case VectorSelector():
                if totals and added:
                    found.add(id(part))
                continue
            case Subquery():
                continue
            case Call():
                name = part.function.name
                ranged = any(isinstance(arg, MatrixSelector) for arg in part.args)
                if name in _BUCKETS or (ranged and name not in _FOLDS):
                    continue
                totals, added = totals or name in _TOTALS, (added or name in _FOLDS) and name not in _TOTALS
            case Binary():
                if part.op in _TRIMS:
                    continue
                added = added or part.op in _SUMS
            case Aggregate():
                added = True
            case _:
                pass
        waiting.extend((child, totals, added) for child in children(part))
    return frozenset(found)


def settled(block: SeriesBlock) -> SeriesBlock:
    """The block with its histograms' unknown hints settled by comparing each with the one before in its series."""
    if block.histogram_at is None or not block.histograms:
        return block
    histograms = list(block.histograms)
    for first, last in pairwise(block.offsets.tolist()):
        at = block.histogram_at[first:last]
        held = [k for k in at[at >= 0].tolist() if not is_stale(histograms[k])]
        for k, h in zip(held, compared([histograms[k] for k in held]), strict=True):
            histograms[k] = h
    return replace(block, histograms=histograms)


def compared(series: Sequence[Histogram]) -> list[Histogram]:
    """One series' histograms in time order, an unknown hint settled by comparing with the sample before."""
    out = list(series[:1])
    for before, h in pairwise(series):
        if h.reset is CounterReset.UNKNOWN:
            h = with_reset(h, CounterReset.YES if detect_reset(before, h) else CounterReset.NO)
        out.append(h)
    return out
