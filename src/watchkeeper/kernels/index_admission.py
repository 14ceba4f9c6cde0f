"""Which samples may be stored: order and duplicates, judged against each series' newest sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

NEVER = -(1 << 63)
"""The newest time of a series that has no sample."""
UNKNOWN = NEVER + 1
"""The newest time of a series that may have samples in the store, but nobody has looked."""

FLOAT, DIGEST, BOUND = 0, 1, 2
"""What is known of a newest sample: a float's bits, a histogram's digest, or only a time that none lies beyond."""
NO_MINUTE = -(1 << 31)
"""The first minute of a series whose history nobody knows."""


@kernel
def admit(
    refs: NDArray[np.int32],
    timestamps: NDArray[np.int64],
    bits: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    window: int,
    latest: int,
    newest: NDArray[np.int64],
    newest_bits: NDArray[np.uint64],
    newest_kind: NDArray[np.uint8],
    first: NDArray[np.int32],
    verdicts: NDArray[np.uint8],
    undo: NDArray[np.int64],
) -> int:
    """Judge samples in the order in which they stand, moving `newest` and what belongs to it, and `first`, along.

    `kinds` tells what `bits` are (FLOAT or DIGEST); empty where all are floats. Up to a BOUND no rule of order applies.

    `window` ms (negative: none, every order goes); samples later than `latest` are out of bounds. Verdicts: 0 newer,
    1 older but inside the window, 2 the same again, 3 another value for the newest timestamp, 4 out of order, 5 too
    old, 6 out of bounds. Each change is noted in `undo` rows (ref, newest, bits, first, kind); returns how many.
    """
    changes = 0
    for i in range(refs.size):
        ref, t = refs[i], timestamps[i]
        had = newest[ref]
        kind = kinds[i] if kinds.size else np.uint8(0)
        minute = t // 60000
        if t > latest:
            verdicts[i] = 6
            continue
        if t > had:
            verdicts[i] = 1 if had == UNKNOWN else 0
        elif t == had and newest_kind[ref] != BOUND:
            if bits[i] == newest_bits[ref] and kind == newest_kind[ref]:
                verdicts[i] = 2
                continue
            verdicts[i] = 1 if window < 0 else 3
            if window >= 0:
                continue
        elif newest_kind[ref] == BOUND:
            verdicts[i] = 1
        elif window == 0:
            verdicts[i] = 4
            continue
        elif window > 0 and t < had - window:
            verdicts[i] = 5
            continue
        else:
            verdicts[i] = 1
        undo[changes, 0], undo[changes, 1], undo[changes, 2] = ref, had, np.int64(newest_bits[ref])
        undo[changes, 3], undo[changes, 4] = first[ref], newest_kind[ref]
        changes += 1
        if t >= had:
            newest[ref] = t
            newest_bits[ref] = bits[i]
            newest_kind[ref] = kind
        if had == NEVER or minute < first[ref]:
            first[ref] = minute
    return changes


@kernel
def take_back(
    undo: NDArray[np.int64],
    newest: NDArray[np.int64],
    newest_bits: NDArray[np.uint64],
    newest_kind: NDArray[np.uint8],
    first: NDArray[np.int32],
) -> None:
    """Undo the noted changes, the last first."""
    for i in range(undo.shape[0] - 1, -1, -1):
        ref = undo[i, 0]
        newest[ref], newest_bits[ref] = undo[i, 1], np.uint64(undo[i, 2])
        first[ref], newest_kind[ref] = undo[i, 3], undo[i, 4]


@kernel
def is_news(
    refs: NDArray[np.int32],
    timestamps: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    span_ms: int,
    first: NDArray[np.int32],
    last: NDArray[np.int32],
    known: NDArray[np.uint8],
) -> bool:
    """Say whether a sample lies in a span outside its series' `first` … `last`, or is of a kind not `known` of it."""
    for i in range(refs.size):
        ref, span = refs[i], timestamps[i] // span_ms
        if span > last[ref] or span < first[ref] or kinds[i] & ~known[ref]:
            return True
    return False
