"""Prometheus' hash of a label set, so that what is sampled by it is what Prometheus would sample."""

from __future__ import annotations

import numpy as np
import xxhash
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.query.promql.frames import label_pairs
from watchkeeper.query.promql.symbols import QuerySymbols

_LONG = 255


def label_hashes(symbols: QuerySymbols, frame: LabelFrame) -> NDArray[np.uint64]:
    """The 64-bit xxHash of each row's labels, laid out as Prometheus' `stringlabels` holds them."""
    digests = (xxhash.xxh64_intdigest(_packed(label_pairs(symbols, frame, row))) for row in range(len(frame)))
    return np.fromiter(digests, dtype=np.uint64, count=len(frame))


def _packed(pairs: list[tuple[str, str]]) -> bytes:
    return b"".join(_sized(text) for pair in pairs for text in pair)


def _sized(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if len(raw) < _LONG:
        return bytes((len(raw),)) + raw
    return bytes((_LONG,)) + len(raw).to_bytes(3, "little") + raw
