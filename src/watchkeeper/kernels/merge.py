"""Two answers about the same series as one, sample by sample in order of time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel


@kernel
def merge(
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    times: NDArray[np.int64],
    at: NDArray[np.int64],
    more_begins: NDArray[np.int64],
    more_ends: NDArray[np.int64],
    more_times: NDArray[np.int64],
    out_begins: NDArray[np.int64],
    out_ends: NDArray[np.int64],
    out_times: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> int:
    """Merge series i (begins[i]:ends[i]) with the spans of `more`, whose series j is ours at[j] (rising).

    Of one time `more`'s sample stays. `rows` tells where each sample lies: in `more` from `times.size` on. How many
    samples there are.
    """
    out, j = 0, 0
    for i in range(begins.size):
        a, a_end = begins[i], ends[i]
        b = b_end = np.int64(0)
        if j < at.size and at[j] == i:
            b, b_end = more_begins[j], more_ends[j]
            j += 1
        out_begins[i] = out
        while a < a_end or b < b_end:
            if b == b_end or (a < a_end and times[a] < more_times[b]):
                out_times[out], rows[out] = times[a], a
                a += 1
            else:
                if a < a_end and times[a] == more_times[b]:
                    a += 1
                out_times[out], rows[out] = more_times[b], times.size + b
                b += 1
            out += 1
        out_ends[i] = out
    return out


@kernel
def pick(
    rows: NDArray[np.int64],
    values: NDArray[np.float64],
    more: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """The values at `rows` of two columns laid end to end; bits stay as they are."""
    for k in range(rows.size):
        row = rows[k]
        out[k] = values[row] if row < values.size else more[row - values.size]
