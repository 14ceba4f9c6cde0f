"""The table of series that were sent before, and the list of what is decoded elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.remote_write.layout import (
    DONE,
    EXTRAS,
    FOLLOWS,
    KNOWN,
    LENGTH,
    MORE_EXTRAS,
    REF,
    TOLD,
    UNRESOLVED,
)


@kernel
def lookup(
    first: np.uint64,
    second: np.uint64,
    length: int,
    before: int,
    state: NDArray[np.int64],
    table: NDArray[np.int32],
    keys: NDArray[np.uint64],
    links: NDArray[np.int32],
) -> int:
    """The ordinal of a key, given now where it has none, and expected after `before` from now on; −1: no room."""
    mask = np.uint64(table.size - 1)
    slot = first & mask
    while table[slot] >= 0:
        at = table[slot]
        if keys[at, 0] == first and keys[at, 1] == second:
            if before >= 0:
                links[before, FOLLOWS] = at
            return at
        slot = (slot + np.uint64(1)) & mask
    count = state[KNOWN]
    if count >= keys.shape[0] or 2 * (count + 1) > table.size:
        return -1
    table[slot] = count
    keys[count, 0], keys[count, 1], keys[count, TOLD] = first, second, 0
    links[count, LENGTH], links[count, FOLLOWS], links[count, REF] = length, -1, UNRESOLVED
    state[KNOWN] = count + 1
    if before >= 0:
        links[before, FOLLOWS] = count
    return count


@kernel
def rehash_known(keys: NDArray[np.uint64], count: int, table: NDArray[np.int32]) -> None:
    """Fill an empty table with the known series."""
    mask = np.uint64(table.size - 1)
    for ordinal in range(count):
        slot = keys[ordinal, 0] & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = ordinal


@kernel
def put_extra(kind: int, series: int, begin: int, end: int, state: NDArray[np.int64], extras: NDArray[np.int64]) -> int:
    """Note a message that is decoded elsewhere; a status."""
    at = state[EXTRAS]
    if at >= extras.shape[0]:
        return MORE_EXTRAS
    extras[at, 0], extras[at, 1], extras[at, 2], extras[at, 3], extras[at, 4] = kind, series, begin, end, 0
    state[EXTRAS] = at + 1
    return DONE
