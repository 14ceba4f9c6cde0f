"""A few threads that share one kernel call's rows or steps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise

_CELLS_A_SLICE = 1 << 18
_CELLS_WORTH_A_THREAD = 1 << 16


class Workers:
    """`threads` threads, the caller's among them; kernels hold no GIL, so that slices run side by side."""

    __slots__ = ("_pool", "_threads")

    def __init__(self, threads: int) -> None:
        self._threads = max(1, threads)
        self._pool = ThreadPoolExecutor(self._threads - 1, "promql-kernel") if threads > 1 else None

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    def run(self, count: int, cost: int, task: Callable[[int, int], None], check: Callable[[], None]) -> None:
        """Call `task(first, last)` for slices that cover range(count), each item costing `cost` cells.

        `check` is called between slices and may raise, which ends the work.
        """
        if self._pool is None or count * cost < _CELLS_WORTH_A_THREAD or count < 2:
            _in_turn(0, count, cost, task, check)
            return
        width = -(-count // self._threads)
        edges = [min(count, i * width) for i in range(self._threads + 1)]
        others = [self._pool.submit(_in_turn, first, last, cost, task, check) for first, last in pairwise(edges[1:])]
        try:
            _in_turn(edges[0], edges[1], cost, task, check)
        finally:
            wait(others)
        for other in others:
            other.result()


def _in_turn(first: int, last: int, cost: int, task: Callable[[int, int], None], check: Callable[[], None]) -> None:
    width = max(1, _CELLS_A_SLICE // max(1, cost))
    while first < last:
        until = min(last, first + width)
        task(first, until)
        first = until
        if first < last:
            check()
