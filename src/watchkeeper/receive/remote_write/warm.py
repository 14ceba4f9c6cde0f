"""Kernels compiled, or loaded from their cache, before the first request would wait for them."""

from __future__ import annotations

import numpy as np

from watchkeeper.receive.remote_write.body import Body
from watchkeeper.receive.remote_write.known import Known
from watchkeeper.receive.remote_write.labels import labels_of
from watchkeeper.receive.remote_write.messages import messages


def warm_up() -> None:
    """Scan a request of each version; takes seconds where nothing is cached, so call it from a thread."""
    v1, v2 = messages().v1["WriteRequest"](), messages().v2["Request"](symbols=[b"", b"a", b"b"])
    series = v1.timeseries.add()
    series.labels.add(name=b"a", value=b"b")
    series.samples.add(value=1.0, timestamp=1)
    series = v2.timeseries.add(labels_refs=[1, 2])
    series.samples.add(value=1.0, timestamp=1)
    known = Known(generation=0)
    for scanned in (
        known.scan_v1(Body.of(v1.SerializeToString())),
        known.scan_v2(Body.of(v2.SerializeToString())),
    ):
        labels_of(scanned, np.zeros(1, dtype=np.intp))
