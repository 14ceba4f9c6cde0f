"""Calling every kernel once, so that nobody's first query waits for a compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql.engine import Engine
from watchkeeper.query.promql.options import EngineOptions

_QUERIES = (
    "m",
    "sum by (job) (rate(m[1m]))",
    "avg(m) / on() count(m)",
    "histogram_quantile(0.9, rate(m[1m]))",
    "topk(1, m)",
    "max_over_time(m[1m])",
    "avg_over_time(m[1m])",
    "quantile_over_time(0.9, m[1m])",
    "m and m or m",
    "irate(m[1m])",
    "deriv(m[1m])",
    "quantile(0.9, m)",
    "stddev(m)",
    "timestamp(m)",
    "histogram_fraction(0, 1, m)",
    "limitk(1, m)",
    "absent_over_time(m[1m])",
    "double_exponential_smoothing(m[1m], 0.5, 0.5)",
    "increase(m[1m] anchored)",
    "changes(m[1m] anchored)",
    "m smoothed",
    'label_replace(vector(time()) < 99 or label_replace(vector(time()) > 99, "a", "1", "", ""), "a", "2", "", "")',
    "max_over_time(m[2m:1m])",
)
"""Between them they reach the evaluator's kernels, the commonest first."""


class _Little:
    """Two series of three samples each, in arrays that may be written or may not: stores hand out both."""

    def __init__(self, *, writeable: bool) -> None:
        symbols = Symbols()
        codes = [[symbols.intern("m"), symbols.intern(le)] for le in ("1", "+Inf")]
        times = np.tile(np.arange(3, dtype=np.int64) * 30_000, 2)
        values = np.arange(6, dtype=np.float64)
        starts = np.zeros(6, dtype=np.int64)
        for array in (times, values, starts):
            array.flags.writeable = writeable
        frame = LabelFrame(symbols, ("__name__", "le"), np.array(codes, dtype=np.int32))
        self._block = SeriesBlock(frame, np.array([0, 3, 6], dtype=np.int64), times, values, starts)

    def select(self, selection: Selection) -> SeriesBlock:
        """The block, whatever is asked."""
        return self._block

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        """The same for each."""
        return [self._block for _ in selections]


def warm(going_on: Callable[[], bool] = lambda: True, *, first_only: bool = False) -> None:
    """Compile the kernels, or load them from the cache on disk; `going_on` is asked between queries.

    With `first_only` those of the simplest queries alone, which somebody asks as soon as we are ready.
    Takes many seconds the first time on a machine and well under one later; it may run in a thread of its own.
    """
    for writeable in (True, False):
        engine = Engine(_Little(writeable=writeable), EngineOptions(threads=1))
        for query in _QUERIES[:2] if first_only else _QUERIES:
            if not going_on():
                return
            engine.range(query, 60_000, 120_000, 60_000)
        engine.close()
