"""Bodies of remote write 1.0 (prometheus.WriteRequest)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.remote_write.hash import hash128
from watchkeeper.kernels.remote_write.known import lookup, put_extra
from watchkeeper.kernels.remote_write.layout import (
    AT,
    BEFORE,
    DONE,
    EXEMPLAR,
    EXTRAS,
    FOLLOWS,
    HISTOGRAM,
    LENGTH,
    MALFORMED,
    METADATA,
    MORE_KNOWN,
    MORE_SAMPLES,
    MORE_SERIES,
    SAMPLES,
    SERIES,
    UNUSUAL,
)
from watchkeeper.kernels.remote_write.protobuf import content, read_sample, read_span, read_tag, signed, skip


@kernel
def labels_stand(data: NDArray[np.uint8], at: int, end: int, length: int, first: np.uint64, second: np.uint64) -> bool:
    """Say whether labels with this key stand here, and no others behind them."""
    behind = at + length
    if behind > end or (behind < end and data[behind] == 0x0A):
        return False
    key = hash128(data, at, length)
    return key[0] == first and key[1] == second


@kernel
def labels_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    """The position behind the Label fields that stand here; −1 where one is cut off."""
    while at < end and data[at] == 0x0A:
        at = read_span(data, at + 1, end)[1]
        if at < 0:
            return -1
    return at


@kernel
def scan_v1(
    data: NDArray[np.uint8],
    size: int,
    state: NDArray[np.int64],
    table: NDArray[np.int32],
    keys: NDArray[np.uint64],
    links: NDArray[np.int32],
    series: NDArray[np.int64],
    samples: NDArray[np.int64],
    extras: NDArray[np.int64],
) -> int:
    """Scan a prometheus.WriteRequest; a status.

    Rows of `series` are (known ordinal, begin of the labels, their length). UNUSUAL says that a series' labels do not
    lie together at its begin, which only a rewritten body helps. (The loop is in one piece, and its counters are
    locals: with a function for each message the refcounts of its arrays cost four times as much as the scan.)
    """
    at, n, m, before, status = state[AT], state[SERIES], state[SAMPLES], state[BEFORE], DONE
    while at < size:
        samples_before, extras_before = m, state[EXTRAS]
        tag, begin = read_tag(data, at, size)
        begin, behind = content(data, begin, size, tag & 7)
        if behind < 0:
            status = MALFORMED
        elif tag == 0x1A:
            status = put_extra(METADATA, -1, begin, behind, state, extras)
        elif tag == 0x0A:
            if n >= series.shape[0]:
                status = MORE_SERIES
                break
            p, one = begin, links[before, FOLLOWS] if before >= 0 else -1
            if one >= 0 and labels_stand(data, begin, behind, links[one, LENGTH], keys[one, 0], keys[one, 1]):
                p += links[one, LENGTH]
            else:
                p = labels_end(data, begin, behind)
                if p < 0:
                    status = MALFORMED
                    break
                first, second = hash128(data, begin, p - begin)
                one = lookup(first, second, p - begin, before, state, table, keys, links)
                if one < 0:
                    status = MORE_KNOWN
                    break
            series[n, 0], series[n, 1], series[n, 2] = one, begin, p - begin
            while p < behind and status == DONE:
                tag, p = read_tag(data, p, behind)
                begin, p = content(data, p, behind, tag & 7)
                if p < 0:
                    status = MALFORMED
                elif tag == 0x12:
                    if m >= samples.shape[0]:
                        status = MORE_SAMPLES
                        break
                    bits, time, start, good = read_sample(data, begin, p)
                    samples[m, 0], samples[m, 1], samples[m, 2], samples[m, 3] = n, time, signed(bits), start
                    m += 1
                    status = DONE if good else MALFORMED
                elif tag == 0x1A or tag == 0x22:
                    status = put_extra(EXEMPLAR if tag == 0x1A else HISTOGRAM, n, begin, p, state, extras)
                elif tag == 0x0A:
                    status = UNUSUAL
            before = one if status == DONE else before
            n += status == DONE
        if status != DONE:
            m, state[EXTRAS] = samples_before, extras_before
            break
        at = behind
    state[AT], state[SERIES], state[SAMPLES], state[BEFORE] = at, n, m, before
    return status


@kernel
def count_labels(
    data: NDArray[np.uint8], at: NDArray[np.int64], length: NDArray[np.int32], offsets: NDArray[np.int64]
) -> bool:
    """How many labels stand in each span of Label fields, summed up in `offsets` (n + 1); False where malformed."""
    for i in range(at.size):
        begin, end, n = at[i], at[i] + length[i], 0
        while begin < end:
            begin = read_span(data, begin + 1, end)[1]
            if begin < 0:
                return False
            n += 1
        offsets[i + 1] = offsets[i] + n
    return True


@kernel
def split_labels(
    data: NDArray[np.uint8],
    at: NDArray[np.int64],
    length: NDArray[np.int32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
) -> bool:
    """The spans of names (column 0) and values (column 1) of all labels, one after the other; False where malformed."""
    n = 0
    for i in range(at.size):
        begin, end = at[i], at[i] + length[i]
        while begin < end:
            field, begin = read_span(data, begin + 1, end)
            starts[n, 0], starts[n, 1], lengths[n, 0], lengths[n, 1] = 0, 0, 0, 0
            while field < begin:
                tag, field = read_tag(data, field, begin)
                if field < 0:
                    return False
                if tag == 0x0A or tag == 0x12:
                    side = 0 if tag == 0x0A else 1
                    text, field = read_span(data, field, begin)
                    if field >= 0:
                        starts[n, side], lengths[n, side] = text, field - text
                else:
                    field = skip(data, field, begin, tag & 7)
                if field < 0:
                    return False
            n += 1
    return True
