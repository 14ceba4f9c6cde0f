"""Counter-reset hints of samples of which a query reads only count and sum.

There Prometheus compares each sample with the one before as it reads them, so that the hint says YES or NO; elsewhere
hints stay as they are stored. It shows in warnings about conflicting counter resets.
"""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.model.histogram import CounterReset, Histogram, detect_reset, with_reset
from watchkeeper.query.promql.ast import Binary, BinaryOp, Call, Expr, Subquery, VectorSelector, children

_TOTALS = frozenset({"histogram_count", "histogram_sum", "histogram_avg"})
_BUCKETS = frozenset({"histogram_quantile", "histogram_quantiles", "histogram_fraction"})
_TRIMS = frozenset({BinaryOp.TRIM_LOWER, BinaryOp.TRIM_UPPER})


def read_for_totals(expr: Expr) -> frozenset[int]:
    """The identities of the selectors below a function of count and sum, with nothing between or above that needs
    buckets or steps over samples."""
    found: set[int] = set()
    waiting: list[tuple[Expr, bool]] = [(expr, False)]
    while waiting:
        part, totals = waiting.pop()
        match part:
            case VectorSelector():
                if totals:
                    found.add(id(part))
            case Subquery():
                continue
            case Call() if part.function.name in _BUCKETS:
                continue
            case Binary() if part.op in _TRIMS:
                continue
            case _:
                below = totals or (isinstance(part, Call) and part.function.name in _TOTALS)
                waiting.extend((child, below) for child in children(part))
    return frozenset(found)


def compared(series: Sequence[Histogram]) -> list[Histogram]:
    """One series' histograms in time order, an unknown hint settled by comparing with the sample before."""
    out: list[Histogram] = []
    for i, h in enumerate(series):
        if i > 0 and h.reset is CounterReset.UNKNOWN:
            h = with_reset(h, CounterReset.YES if detect_reset(series[i - 1], h) else CounterReset.NO)
        out.append(h)
    return out
