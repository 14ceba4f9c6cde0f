"""The store's own kernels compiled, or loaded from their cache, before the first commit would wait for them."""

from __future__ import annotations

import numpy as np

from watchkeeper.kernels import by_series
from watchkeeper.store.activity import Activity
from watchkeeper.store.floats import Floats
from watchkeeper.store.flush import sorted_rows
from watchkeeper.store.gathered import Gathered
from watchkeeper.store.head import Head
from watchkeeper.store.merged import merged
from watchkeeper.store.native import Coded


def warm_up() -> None:
    """Pass a few samples through the head and a flush; takes seconds where nothing is cached: call it from a thread."""
    count = 256
    refs = np.arange(count, dtype=np.int32) % 8
    times = np.arange(count, dtype=np.int64)
    tenants = Coded(["a"], np.zeros(count, dtype=np.int32))
    no_histograms = np.full(count, -1, dtype=np.int32)
    samples = Gathered(tenants, refs, times, times / 4, times, no_histograms, [])
    head = Head(budget_bytes=1024)
    for epoch in range(2):
        head.append(samples, epoch)
    series = np.arange(8, dtype=np.int32)
    ids = series.astype(np.uint64)
    found = head.read(series, ids, 0, count).fetched
    merged(found, found, np.arange(8))
    head.flushed(1, 0.0)
    head.forget(series[:2])
    order = sorted_rows(tenants.codes, refs.astype(np.uint64), times)
    order = order[: by_series.last_written(order, ids[refs], times)]
    taken = np.empty_like(ids, shape=order.size), np.empty_like(times), np.empty(order.size)
    by_series.take(order, ids[refs], times, samples.values, *taken)
    Activity().change(refs, times, samples.kinds())
    Floats().rows(tenants, refs[order].astype(np.uint64), times[order], samples.values[order], None)
