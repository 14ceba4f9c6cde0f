"""Windows over CSR samples: which samples a step sees, for all series and steps at once.

Conventions of all window kernels: `offsets` int64 (n+1,), `timestamps` int64 (m,) and `values` float64 (m,) are CSR
samples, rising in time within a series; `ends` int64 (s,) are the windows' right edges, never falling; a window is
left-open, (end − range, end]. Only the rows first:last of the outputs are written, so that several threads can share
one call. Where `present` is False the output is NaN (or −1 for an index).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

_STALE = np.uint64(0x7FF0000000000002)


@kernel
def advance(timestamps: NDArray[np.int64], at: int, stop: int, bound: int) -> int:
    """The first index in at…stop whose timestamp is beyond `bound` (or `stop`)."""
    while at < stop and timestamps[at] <= bound:
        at += 1
    return at


@kernel
def select_instant(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    lookback: int,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """The newest sample of each window of length `lookback`, unless it is a staleness marker."""
    bits = values.view(np.uint64)
    for i in range(first, last):
        start, stop = offsets[i], offsets[i + 1]
        at = start
        for j in range(ends.size):
            at = advance(timestamps, at, stop, ends[j])
            k = at - 1
            if k >= start and timestamps[k] > ends[j] - lookback and bits[k] != _STALE:
                out[i, j] = values[k]
                present[i, j] = True
            else:
                out[i, j] = np.nan
                present[i, j] = False


@kernel
def select_index(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    ends: NDArray[np.int64],
    lookback: int,
    first: int,
    last: int,
    index: NDArray[np.int64],
) -> None:
    """As `select_instant`, but the sample's index into the columns, staleness markers included; −1 for none."""
    for i in range(first, last):
        start, stop = offsets[i], offsets[i + 1]
        at = start
        for j in range(ends.size):
            at = advance(timestamps, at, stop, ends[j])
            k = at - 1
            index[i, j] = k if k >= start and timestamps[k] > ends[j] - lookback else -1


@kernel
def window_bounds(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    first: int,
    last: int,
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
) -> None:
    """The samples lower:upper of each window (starts[j], ends[j]], as indexes into the columns."""
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, starts[j])
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            lower[i, j] = lo
            upper[i, j] = hi


@kernel
def window_totals(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    totals: NDArray[np.int64],
) -> None:
    """Add to `totals` (s,) how many samples of all series each window (starts[j], ends[j]] holds."""
    for i in range(offsets.size - 1):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, starts[j])
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            totals[j] += hi - lo


@kernel
def has_stale(values: NDArray[np.float64]) -> bool:
    """Say whether any value is a staleness marker."""
    bits = values.view(np.uint64)
    return bool(np.any(bits == _STALE))


@kernel
def kept_offsets(offsets: NDArray[np.int64], keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The offsets that remain once only the samples of the mask `keep` (m,) are left."""
    out = np.empty_like(offsets)
    total = 0
    out[0] = 0
    for i in range(offsets.size - 1):
        for k in range(offsets[i], offsets[i + 1]):
            total += keep[k]
        out[i + 1] = total
    return out


@kernel
def smooth_instant(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    lookback: int,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """The value at each instant, interpolated between the samples around it within `lookback`; no markers in `values`.

    Without a later sample the earlier one stands; without an earlier one there is no value (PROM-52).
    """
    for i in range(first, last):
        start, stop = offsets[i], offsets[i + 1]
        at = start
        for j in range(ends.size):
            at = advance(timestamps, at, stop, ends[j])
            k = at - 1
            out[i, j] = np.nan
            present[i, j] = k >= start and timestamps[k] > ends[j] - lookback
            if not present[i, j]:
                continue
            if timestamps[k] == ends[j] or at >= stop or timestamps[at] > ends[j] + lookback:
                out[i, j] = values[k]
                continue
            share = float(ends[j] - timestamps[k]) / float(timestamps[at] - timestamps[k])
            out[i, j] = values[k] + (values[at] - values[k]) * share
