"""Bodies of remote write 2.0 (io.prometheus.write.v2.Request)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_keys import mix
from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.remote_write.hash import PRIME_1, PRIME_2, PRIME_3, hash128, turn
from watchkeeper.kernels.remote_write.known import lookup, put_extra
from watchkeeper.kernels.remote_write.layout import (
    AT,
    BEFORE,
    DONE,
    EXEMPLAR,
    EXTRAS,
    FOLLOWS,
    HISTOGRAM,
    MALFORMED,
    MORE_KNOWN,
    MORE_PAIRS,
    MORE_SAMPLES,
    MORE_SERIES,
    PAIRS,
    SAMPLES,
    SERIES,
)
from watchkeeper.kernels.remote_write.protobuf import content, read_sample, read_span, read_tag, signed, skip, varint


@kernel
def scan_symbols(
    data: NDArray[np.uint8],
    size: int,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
    hashes: NDArray[np.uint64],
) -> None:
    """Where the symbols of an io.prometheus.write.v2.Request lie, and their hashes; the body is well-formed so far."""
    at, n = 0, 0
    while at < size:
        tag, at = read_tag(data, at, size)
        if tag == 0x22:
            begin, at = read_span(data, at, size)
            starts[n], lengths[n] = begin, at - begin
            hashes[n, 0], hashes[n, 1] = hash128(data, begin, at - begin)
            n += 1
        else:
            at = skip(data, at, size, tag & 7)


@kernel
def read_metadata(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int, bool]:
    """A Metadata message: type, help and unit symbols, and whether it is well-formed."""
    kind, text, unit = 0, 0, 0
    while at < end:
        tag, at = read_tag(data, at, end)
        if at < 0:
            return kind, text, unit, False
        if tag == 0x08 or tag == 0x18 or tag == 0x20:
            value, at = varint(data, at, end)
            number = signed(value & np.uint64(0xFFFFFFFF))
            if tag == 0x08:
                kind = number
            elif tag == 0x18:
                text = number
            else:
                unit = number
        else:
            at = skip(data, at, end, tag & 7)
        if at < 0:
            return kind, text, unit, False
    return kind, text, unit, True


@kernel
def read_symbol(data: NDArray[np.uint8], at: int, end: int, symbols: int) -> tuple[int, int]:
    """A reference to a symbol, and the position behind it; −1 there where it is malformed or refers to nothing."""
    if data[at] < 0x80:
        symbol = np.int64(data[at])
        at += 1
    elif at + 1 < end and data[at + 1] < 0x80:
        symbol = np.int64(data[at] & 0x7F) | np.int64(data[at + 1]) << 7
        at += 2
    else:
        value, at = varint(data, at, end)
        symbol = np.int64(symbols) if value >= np.uint64(symbols) else signed(value)
    return symbol, at if symbol < symbols else -1  # pyright: ignore[reportReturnType]  # Numba has one kind of integer


@kernel
def metadata_key(kind: int, text: int, unit: int, hashes: NDArray[np.uint64]) -> int:
    """The hash of what a series tells of its metric, never 0; 0 where its symbols are not there."""
    if text >= hashes.shape[0] or unit >= hashes.shape[0]:
        return 0
    words = mix(hashes[text, 0]) ^ turn(hashes[unit, 0], 13)
    return signed(mix(words + np.uint64(kind)) | np.uint64(1))


@kernel
def note_created(
    created: int, begin: int, end: int, state: NDArray[np.int64], samples: NDArray[np.int64], extras: NDArray[np.int64]
) -> None:
    """Note a series' created timestamp: with its samples from `begin` that have no start, and with its extras."""
    for k in range(begin, end):
        if samples[k, 3] == 0:
            samples[k, 3] = created
    for k in range(state[EXTRAS] - 1, -1, -1):
        if extras[k, 1] != state[SERIES]:
            break
        extras[k, 4] = created


@kernel
def scan_v2(
    data: NDArray[np.uint8],
    size: int,
    state: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    pairs: NDArray[np.int32],
    told: NDArray[np.int64],
    table: NDArray[np.int32],
    keys: NDArray[np.uint64],
    links: NDArray[np.int32],
    series: NDArray[np.int64],
    samples: NDArray[np.int64],
    extras: NDArray[np.int64],
) -> int:
    """Scan an io.prometheus.write.v2.Request whose symbols have `hashes`; a status.

    Rows of `series` are (known ordinal, begin of the label symbols in `pairs`, how many), rows of `told` metadata
    (type, help symbol, unit symbol, hash; hash 0: none was told). In one piece for the reason that `scan_v1` gives.
    """
    at, n, m, before, status = state[AT], state[SERIES], state[SAMPLES], state[BEFORE], DONE
    labels = state[PAIRS]
    while at < size:
        samples_before, extras_before = m, state[EXTRAS]
        tag, p = read_tag(data, at, size)
        p, behind = content(data, p, size, tag & 7)
        if behind < 0:
            status = MALFORMED
            break
        if tag != 0x2A:
            at = behind
            continue
        if n >= series.shape[0]:
            status = MORE_SERIES
            break
        here, created, one, told[n, 3] = labels, 0, -1, 0
        first, second, place = PRIME_1, PRIME_2, PRIME_1
        while p < behind and status == DONE:
            tag, p = read_tag(data, p, behind)
            begin, p = content(data, p, behind, tag & 7)
            if p < 0:
                status = MALFORMED
            elif tag == 0x0A or tag == 0x08:
                while begin < p:
                    symbol, begin = read_symbol(data, begin, p, hashes.shape[0])
                    if begin < 0 or here >= pairs.size:
                        status = MALFORMED if begin < 0 else MORE_PAIRS
                        break
                    pairs[here] = symbol
                    here += 1
                    # Independent products by place: this loop must not wait for a chain of multiplications.
                    place += PRIME_3 << np.uint64(1)
                    first += hashes[symbol, 0] * place
                    second += hashes[symbol, 1] * (place ^ PRIME_2)
            elif tag == 0x12:
                if m >= samples.shape[0]:
                    status = MORE_SAMPLES
                    break
                bits, time, start, good = read_sample(data, begin, p)
                samples[m, 0], samples[m, 1], samples[m, 2], samples[m, 3] = n, time, signed(bits), start
                m += 1
                status = DONE if good else MALFORMED
            elif tag == 0x1A or tag == 0x22:
                status = put_extra(HISTOGRAM if tag == 0x1A else EXEMPLAR, n, begin, p, state, extras)
            elif tag == 0x2A:
                kind, text, unit, good = read_metadata(data, begin, p)
                told[n, 0], told[n, 1], told[n, 2] = kind, text, unit
                told[n, 3] = metadata_key(kind, text, unit, hashes)
                if not good or (told[n, 3] == 0 and text + unit > 0):
                    status = MALFORMED
            elif tag == 0x30:
                created = signed(varint(data, begin, p)[0])
        if status == DONE and (here - labels) % 2 == 1:
            status = MALFORMED
        if status == DONE:
            first, second = mix(first), mix(second ^ mix(first))
            one = links[before, FOLLOWS] if before >= 0 else -1
            if one < 0 or keys[one, 0] != first or keys[one, 1] != second:
                one = lookup(first, second, 0, before, state, table, keys, links)
                status = DONE if one >= 0 else MORE_KNOWN
        if status != DONE:
            m, state[EXTRAS] = samples_before, extras_before
            break
        if created != 0:
            state[SERIES] = n
            note_created(created, samples_before, m, state, samples, extras)
        series[n, 0], series[n, 1], series[n, 2] = one, labels, here - labels
        at, before, labels = behind, one, here
        n += 1
    state[AT], state[SERIES], state[SAMPLES], state[BEFORE], state[PAIRS] = at, n, m, before, labels
    return status
