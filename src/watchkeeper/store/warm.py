"""The store's own kernels compiled, or loaded from their cache, before the first commit would wait for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from watchkeeper.kernels import by_series
from watchkeeper.store.activity import Activity
from watchkeeper.store.floats import Floats
from watchkeeper.store.flush import sorted_rows
from watchkeeper.store.gathered import Gathered
from watchkeeper.store.head import Head
from watchkeeper.store.merged import merged
from watchkeeper.store.native import Coded


def warm_up() -> Iterator[None]:
    """Pass a few samples through the head and a flush, step by step, so that it can be broken off between two.

    A step takes a second or two where nothing is cached: to be taken in a thread.
    """
    count = 256
    refs = np.arange(count, dtype=np.int32) % 8
    times = np.arange(count, dtype=np.int64)
    tenants = Coded(["a"], np.zeros(count, dtype=np.int32))
    no_histograms = np.full(count, -1, dtype=np.int32)
    samples = Gathered(tenants, refs, times, times / 4, times, no_histograms, [])
    head = Head(budget_bytes=1024)
    for epoch in range(2):
        head.append(samples, epoch)
        yield
    series = np.arange(8, dtype=np.int32)
    ids = series.astype(np.uint64)
    found = head.read(series, ids, 0, count).fetched
    yield
    merged(found, found, np.arange(8))
    yield
    head.flushed(1, 0.0)
    head.forget(series[:2])
    yield
    order = sorted_rows(tenants.codes, refs.astype(np.uint64), times)
    yield
    order = order[: by_series.last_written(order, ids[refs], times)]
    taken = np.empty_like(ids, shape=order.size), np.empty_like(times), np.empty(order.size)
    by_series.take(order, ids[refs], times, samples.values, *taken)
    yield
    Activity().change(refs, times, samples.kinds())
    Floats().rows(tenants, refs[order].astype(np.uint64), times[order], samples.values[order], None)
