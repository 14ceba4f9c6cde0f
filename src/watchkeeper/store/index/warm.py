"""Kernels compiled, or loaded from their cache, before the first sample or query would wait for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index.admission import Admission
from watchkeeper.store.index.index import SeriesIndex


def warm_up() -> Iterator[None]:
    """Use a small index in every way, step by step, so that it can be broken off between two.

    A step takes a second or two where nothing is cached: to be taken in a thread.
    """
    index = SeriesIndex(Symbols(), registry=CollectorRegistry())
    labels = [Labels({METRIC_NAME: f"m{i % 2}", "i": str(i)}) for i in range(4)]
    index.resolve("a", labels)
    yield
    index.rebuild(force=True)
    refs = index.resolve("b", labels)
    name = Matcher(METRIC_NAME, MatchOp.EQUAL, "m1")
    for other in ("1", "1|2", "[12]", ".*2.*"):
        for op in MatchOp:
            index.find("a", [name, Matcher("i", op, other)])
            index.find("b", [Matcher("i", op, other)])
            yield
    index.frame(refs)
    index.names("a")
    index.values("a", "i", refs)
    yield
    index.refs_of(index.ids(refs))
    plan = Admission(index).begin()
    plan.admit(refs, np.arange(4), np.zeros(4, dtype=np.uint64))
    plan.rollback()
    index.drop(refs[:1])
