"""The newest samples of every series in memory: chunks of four in one ring, chained from the newest to the oldest.

The ring is one pool of chunks, given out in turn: what is given out next is what was begun longest ago, so that a
series' oldest chunk always goes first and its chain is cut by counting one chunk less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import NEVER
from watchkeeper.kernels.kernel import kernel

CHUNK = 4
"""Samples a chunk: times and value bits of four are one cache line."""
NEXT, GOING = 0, 1
"""Places in a ring's `state`: the chunk that is given out next, and the epoch up to which samples may go."""


@kernel
def _newest_of(samples: NDArray[np.int64], chunk: int, size: int) -> int:
    newest = samples[chunk, 0]
    for k in range(1, size):
        newest = max(newest, samples[chunk, k])
    return newest


@kernel
def append(
    at: int,
    refs: NDArray[np.int32],
    times: NDArray[np.int64],
    bits: NDArray[np.int64],
    starts: NDArray[np.int64],
    epoch: int,
    state: NDArray[np.int64],
    samples: NDArray[np.int64],
    opened: NDArray[np.int64],
    before: NDArray[np.int32],
    owner: NDArray[np.int32],
    epochs: NDArray[np.int64],
    last: NDArray[np.int32],
    held: NDArray[np.int32],
    fill: NDArray[np.uint8],
    mixed: NDArray[np.uint8],
    since: NDArray[np.int64],
) -> int:
    """Take the samples from `at` on of columns (m,); how far it came: less than m where the ring must grow first.

    `starts` and `opened` are both empty while no sample has a start timestamp. By chunk: `samples` (four times, four
    values' bits), `before` (the chunk before it of its series), `owner` (−1: nobody), `epochs`. By ref: `last` chunk,
    chunks `held`, `fill` of the last, `mixed` where times do not rise, and `since` when nothing is missing.
    """
    ring = owner.size
    for i in range(at, refs.size):
        ref, t = refs[i], times[i]
        chunk, size = last[ref], fill[ref]
        if held[ref] and t <= samples[chunk, size - 1]:
            mixed[ref] = 1
        if not held[ref] or size == CHUNK:
            new = state[NEXT]
            other = owner[new]
            if other >= 0:
                if epochs[new] > state[GOING]:
                    return i
                filled = fill[other] if last[other] == new else CHUNK
                since[other] = max(since[other], _newest_of(samples, int(new), int(filled)) + 1)
                held[other] -= 1
                if not held[other]:
                    mixed[other] = 0
            state[NEXT] = (new + 1) % ring
            before[new] = chunk
            owner[new] = ref
            held[ref] += 1
            last[ref] = chunk = new
            size = 0
        samples[chunk, size] = t
        samples[chunk, CHUNK + size] = bits[i]
        if opened.size:
            opened[chunk, size] = starts[i] if starts.size else 0
        epochs[chunk] = epoch
        fill[ref] = size + 1
    return refs.size


@kernel
def forget(
    refs: NDArray[np.int32],
    samples: NDArray[np.int64],
    before: NDArray[np.int32],
    owner: NDArray[np.int32],
    last: NDArray[np.int32],
    held: NDArray[np.int32],
    fill: NDArray[np.uint8],
    mixed: NDArray[np.uint8],
    since: NDArray[np.int64],
) -> None:
    """Let go of all samples of `refs`; none of what was held counts as complete any more."""
    for i in range(refs.size):
        ref = refs[i]
        chunk, size = last[ref], fill[ref]
        for _ in range(held[ref]):
            since[ref] = max(since[ref], _newest_of(samples, int(chunk), int(size)) + 1)
            owner[chunk] = -1
            chunk, size = before[chunk], np.uint8(CHUNK)
        held[ref] = 0
        mixed[ref] = 0


@kernel
def release(
    most: int,
    state: NDArray[np.int64],
    samples: NDArray[np.int64],
    owner: NDArray[np.int32],
    epochs: NDArray[np.int64],
    last: NDArray[np.int32],
    held: NDArray[np.int32],
    fill: NDArray[np.uint8],
    mixed: NDArray[np.uint8],
    since: NDArray[np.int64],
) -> int:
    """Let the oldest chunks go until `most` are left, or one may not go yet; how many are left."""
    ring = owner.size
    left = 0
    for chunk in range(ring):
        left += owner[chunk] >= 0
    for step in range(ring):
        chunk = (state[NEXT] + step) % ring
        other = owner[chunk]
        if other < 0:
            continue
        if left <= most or epochs[chunk] > state[GOING]:
            break
        filled = fill[other] if last[other] == chunk else CHUNK
        since[other] = max(since[other], _newest_of(samples, int(chunk), int(filled)) + 1)
        owner[chunk] = -1
        held[other] -= 1
        if not held[other]:
            mixed[other] = 0
        left -= 1
    return left


@kernel
def move(
    state: NDArray[np.int64],
    order: NDArray[np.int64],
    samples: NDArray[np.int64],
    before: NDArray[np.int32],
    owner: NDArray[np.int32],
    epochs: NDArray[np.int64],
    last: NDArray[np.int32],
    place: NDArray[np.int32],
    new_samples: NDArray[np.int64],
    new_before: NDArray[np.int32],
    new_owner: NDArray[np.int32],
    new_epochs: NDArray[np.int64],
) -> int:
    """Lay the living chunks, the oldest first, out in a new ring; how many there are.

    `order[new]` becomes the old place of each, `place[old]` its new one; `last` is moved along.
    """
    ring, count = owner.size, 0
    for step in range(ring):
        old = (state[NEXT] + step) % ring
        if owner[old] < 0:
            continue
        order[count] = old
        place[old] = count
        new_samples[count] = samples[old]
        # What lies before the oldest is never looked at: a series counts its chunks.
        new_before[count] = place[before[old]] if before[old] >= 0 else -1
        new_owner[count] = owner[old]
        new_epochs[count] = epochs[old]
        if last[owner[old]] == old:
            last[owner[old]] = count
        count += 1
    return count


@kernel
def reaches_back(refs: NDArray[np.int32], start: int, since: NDArray[np.int64]) -> int:
    """From when on all of `refs` are complete; `NEVER` where that is at `start` or before."""
    latest = np.int64(NEVER)
    for i in range(refs.size):
        if refs[i] < since.size and since[refs[i]] > start:
            latest = max(latest, since[refs[i]])
    return int(latest)
