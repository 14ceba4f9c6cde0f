"""Scanning remote-write bodies: floats go straight into columns, series are recognised by their label bytes.

A known series has an ordinal, a row of `keys` (a 128-bit hash of its label bytes in 1.0, of its label strings in 2.0;
then the hash of its metadata) and a row of `links` (the length of its label bytes, the series that followed it the last
time, the store's ref). The follower is guessed first, so that a sender's usual order costs one comparison. `table` is
open addressing over the keys' first halves, −1 where empty.

Rows of `samples` are (series, timestamp, bits, start), rows of `extras` (kind, series or −1, begin, end, created) of
messages that are decoded one by one. The state of a scan is an int64 array: how far it came in the body, series,
samples and extras so far, known series, the ordinal of the series before, label symbols so far. A scan stops with a
status where an array is full, and is resumed with the same state once there is room. Bodies are padded with at least
16 bytes beyond `size`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from watchkeeper.kernels.index_keys import mix
from watchkeeper.kernels.kernel import kernel

DONE, MALFORMED, UNUSUAL, MORE_SERIES, MORE_SAMPLES, MORE_EXTRAS, MORE_KNOWN, MORE_PAIRS = 0, 1, 2, 3, 4, 5, 6, 7
AT, SERIES, SAMPLES, EXTRAS, KNOWN, BEFORE, PAIRS = 0, 1, 2, 3, 4, 5, 6
METADATA, EXEMPLAR, HISTOGRAM = 0, 1, 2
"""Kinds of extras: what is decoded outside the kernel."""
TOLD = 2
LENGTH, FOLLOWS, REF = 0, 1, 2
UNRESOLVED = -2
"""As a known series' ref: nobody has asked the store yet."""

_P1 = np.uint64(0x9E3779B185EBCA87)
_P2 = np.uint64(0xC2B2AE3D27D4EB4F)
_P3 = np.uint64(0x165667B19E3779F9)


def _load64(_typing: Any, data: Any, at: Any) -> Any:
    signature = types.uint64(data, at)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(sig.args[0])(context, builder, args[0])
        word = context.get_value_type(types.uint64)
        place = builder.gep(array.data, [args[1]], inbounds=True)
        return builder.load(builder.bitcast(place, word.as_pointer()), align=1)

    return signature, generate


load64 = cast(Callable[[NDArray[np.uint8], int], np.uint64], intrinsic(_load64))
"""Eight bytes from a position, the least first, without looking at the array's end."""


@kernel
def _signed(value: np.uint64) -> int:
    return np.int64(value)  # pyright: ignore[reportReturnType]  # Numba has one kind of integer for both


@kernel
def _turn(x: np.uint64, by: int) -> np.uint64:
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


@kernel
def hash128(data: NDArray[np.uint8], at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """A 128-bit hash of a span: four lanes of eight bytes, each word stirring two lanes. Reads 7 bytes beyond it."""
    a, b = _P1, _P2
    c, d = _P3, np.uint64(length)
    end = at + length
    while at + 32 <= end:
        w0, w1, w2, w3 = load64(data, at), load64(data, at + 8), load64(data, at + 16), load64(data, at + 24)
        a = _turn(a + w0 * _P2, 31) * _P1 + w1
        b = _turn(b + w1 * _P2, 31) * _P1 + w2
        c = _turn(c + w2 * _P2, 31) * _P1 + w3
        d = _turn(d + w3 * _P2, 31) * _P1 + w0
        at += 32
    while at < end:
        word = load64(data, at)
        if end - at < 8:
            word &= (np.uint64(1) << np.uint64(8 * (end - at))) - np.uint64(1)
        a, b, c, d = b, c, d + word, _turn(a + word * _P2, 31) * _P1
        at += 8
    first = mix((a ^ _turn(b, 17)) * _P1 + _turn(c, 29) ^ d)
    second = mix((c ^ _turn(d, 23)) * _P2 + _turn(a, 41) ^ b)
    return first, second ^ mix(first + _P3)


@kernel
def _varint(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.uint64, int]:
    """A varint's value and the position behind it, −1 where it is cut off or too long."""
    if at < end and data[at] < 0x80:
        return np.uint64(data[at]), at + 1
    value = np.uint64(0)
    shift = 0
    while at < end and shift < 70:
        byte = np.uint64(data[at])
        at += 1
        if shift < 64:
            value |= (byte & np.uint64(0x7F)) << np.uint64(shift)
        if byte < np.uint64(0x80):
            return value, at
        shift += 7
    return value, -1


@kernel
def _span(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Begin and end of a length-delimited field whose length stands at `at`; −1 as begin where it leaves `end`."""
    length, begin = _varint(data, at, end)
    if begin < 0 or length > np.uint64(end - begin):
        return -1, -1
    return begin, begin + _signed(length)


@kernel
def _skip(data: NDArray[np.uint8], at: int, end: int, wire: int) -> int:
    """The position behind a field's value of a wire type, −1 where there is none."""
    if wire == 0:
        return _varint(data, at, end)[1]
    if wire == 1:
        return at + 8 if at + 8 <= end else -1
    if wire == 2:
        return _span(data, at, end)[1]
    if wire == 5:
        return at + 4 if at + 4 <= end else -1
    return -1


@kernel
def _content(data: NDArray[np.uint8], at: int, end: int, wire: int) -> tuple[int, int]:
    """Begin and end of a field's content behind its tag; −1 as end where it is malformed, or `at` is −1 already."""
    if at < 0:
        return -1, -1
    if wire == 2:
        return _span(data, at, end)
    return at, _skip(data, at, end, wire)


@kernel
def _tag(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """A field's tag and the position behind it, −1 where it is none that protobuf allows."""
    tag, at = _varint(data, at, end)
    if at < 0 or tag < np.uint64(8) or tag > np.uint64(0xFFFFFFFF):
        return 0, -1
    return _signed(tag), at


@kernel
def count_fields(data: NDArray[np.uint8], size: int, wanted: int, other: int) -> tuple[int, int]:
    """How often two top-level tags stand in a body; −1 where the body is malformed."""
    at, n, m = 0, 0, 0
    while at < size:
        tag, at = _tag(data, at, size)
        if at < 0:
            return -1, -1
        at = _skip(data, at, size, tag & 7)
        if at < 0:
            return -1, -1
        if tag == wanted:
            n += 1
        elif tag == other:
            m += 1
    return n, m


@kernel
def _sample(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.uint64, int, int, bool]:
    """A Sample message: the value's bits, the timestamp, the start timestamp, and whether it is well-formed."""
    bits, time, start = np.uint64(0), 0, 0
    if end - at >= 11 and data[at] == 0x09 and data[at + 9] == 0x10:
        value, behind = _varint(data, at + 10, end)
        if behind == end:
            return load64(data, at + 1), _signed(value), start, True
    while at < end:
        tag, at = _tag(data, at, end)
        if at < 0:
            return bits, time, start, False
        if tag == 0x09:
            if at + 8 > end:
                return bits, time, start, False
            bits = load64(data, at)
            at += 8
        elif tag == 0x10 or tag == 0x18:
            value, at = _varint(data, at, end)
            if tag == 0x10:
                time = _signed(value)
            else:
                start = _signed(value)
        else:
            at = _skip(data, at, end, tag & 7)
        if at < 0:
            return bits, time, start, False
    return bits, time, start, True


@kernel
def _lookup(
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
def _put_extra(
    kind: int, series: int, begin: int, end: int, state: NDArray[np.int64], extras: NDArray[np.int64]
) -> int:
    """Note a message that is decoded elsewhere; a status."""
    at = state[EXTRAS]
    if at >= extras.shape[0]:
        return MORE_EXTRAS
    extras[at, 0], extras[at, 1], extras[at, 2], extras[at, 3], extras[at, 4] = kind, series, begin, end, 0
    state[EXTRAS] = at + 1
    return DONE


@kernel
def _labels_stand(data: NDArray[np.uint8], at: int, end: int, length: int, first: np.uint64, second: np.uint64) -> bool:
    """Say whether labels with this key stand here, and no others behind them."""
    behind = at + length
    if behind > end or (behind < end and data[behind] == 0x0A):
        return False
    key = hash128(data, at, length)
    return key[0] == first and key[1] == second


@kernel
def _labels_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    """The position behind the Label fields that stand here; −1 where one is cut off."""
    while at < end and data[at] == 0x0A:
        at = _span(data, at + 1, end)[1]
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
        tag, begin = _tag(data, at, size)
        begin, behind = _content(data, begin, size, tag & 7)
        if behind < 0:
            status = MALFORMED
        elif tag == 0x1A:
            status = _put_extra(METADATA, -1, begin, behind, state, extras)
        elif tag == 0x0A:
            if n >= series.shape[0]:
                status = MORE_SERIES
                break
            p, one = begin, links[before, FOLLOWS] if before >= 0 else -1
            if one >= 0 and _labels_stand(data, begin, behind, links[one, LENGTH], keys[one, 0], keys[one, 1]):
                p += links[one, LENGTH]
            else:
                p = _labels_end(data, begin, behind)
                if p < 0:
                    status = MALFORMED
                    break
                first, second = hash128(data, begin, p - begin)
                one = _lookup(first, second, p - begin, before, state, table, keys, links)
                if one < 0:
                    status = MORE_KNOWN
                    break
            series[n, 0], series[n, 1], series[n, 2] = one, begin, p - begin
            while p < behind and status == DONE:
                tag, p = _tag(data, p, behind)
                begin, p = _content(data, p, behind, tag & 7)
                if p < 0:
                    status = MALFORMED
                elif tag == 0x12:
                    if m >= samples.shape[0]:
                        status = MORE_SAMPLES
                        break
                    bits, time, start, good = _sample(data, begin, p)
                    samples[m, 0], samples[m, 1], samples[m, 2], samples[m, 3] = n, time, _signed(bits), start
                    m += 1
                    status = DONE if good else MALFORMED
                elif tag == 0x1A or tag == 0x22:
                    status = _put_extra(EXEMPLAR if tag == 0x1A else HISTOGRAM, n, begin, p, state, extras)
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
        tag, at = _tag(data, at, size)
        if tag == 0x22:
            begin, at = _span(data, at, size)
            starts[n], lengths[n] = begin, at - begin
            hashes[n, 0], hashes[n, 1] = hash128(data, begin, at - begin)
            n += 1
        else:
            at = _skip(data, at, size, tag & 7)


@kernel
def _metadata(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int, bool]:
    """A Metadata message: type, help and unit symbols, and whether it is well-formed."""
    kind, text, unit = 0, 0, 0
    while at < end:
        tag, at = _tag(data, at, end)
        if at < 0:
            return kind, text, unit, False
        if tag == 0x08 or tag == 0x18 or tag == 0x20:
            value, at = _varint(data, at, end)
            number = _signed(value & np.uint64(0xFFFFFFFF))
            if tag == 0x08:
                kind = number
            elif tag == 0x18:
                text = number
            else:
                unit = number
        else:
            at = _skip(data, at, end, tag & 7)
        if at < 0:
            return kind, text, unit, False
    return kind, text, unit, True


@kernel
def _symbol(data: NDArray[np.uint8], at: int, end: int, symbols: int) -> tuple[int, int]:
    """A reference to a symbol, and the position behind it; −1 there where it is malformed or refers to nothing."""
    if data[at] < 0x80:
        symbol = np.int64(data[at])
        at += 1
    elif at + 1 < end and data[at + 1] < 0x80:
        symbol = np.int64(data[at] & 0x7F) | np.int64(data[at + 1]) << 7
        at += 2
    else:
        value, at = _varint(data, at, end)
        symbol = np.int64(symbols) if value >= np.uint64(symbols) else _signed(value)
    return symbol, at if symbol < symbols else -1  # pyright: ignore[reportReturnType]  # Numba has one kind of integer


@kernel
def _metadata_key(kind: int, text: int, unit: int, hashes: NDArray[np.uint64]) -> int:
    """The hash of what a series tells of its metric, never 0; 0 where its symbols are not there."""
    if text >= hashes.shape[0] or unit >= hashes.shape[0]:
        return 0
    words = mix(hashes[text, 0]) ^ _turn(hashes[unit, 0], 13)
    return _signed(mix(words + np.uint64(kind)) | np.uint64(1))


@kernel
def _note_created(
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
        tag, p = _tag(data, at, size)
        p, behind = _content(data, p, size, tag & 7)
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
        first, second, place = _P1, _P2, _P1
        while p < behind and status == DONE:
            tag, p = _tag(data, p, behind)
            begin, p = _content(data, p, behind, tag & 7)
            if p < 0:
                status = MALFORMED
            elif tag == 0x0A or tag == 0x08:
                while begin < p:
                    symbol, begin = _symbol(data, begin, p, hashes.shape[0])
                    if begin < 0 or here >= pairs.size:
                        status = MALFORMED if begin < 0 else MORE_PAIRS
                        break
                    pairs[here] = symbol
                    here += 1
                    # Independent products by place: this loop must not wait for a chain of multiplications.
                    place += _P3 << np.uint64(1)
                    first += hashes[symbol, 0] * place
                    second += hashes[symbol, 1] * (place ^ _P2)
            elif tag == 0x12:
                if m >= samples.shape[0]:
                    status = MORE_SAMPLES
                    break
                bits, time, start, good = _sample(data, begin, p)
                samples[m, 0], samples[m, 1], samples[m, 2], samples[m, 3] = n, time, _signed(bits), start
                m += 1
                status = DONE if good else MALFORMED
            elif tag == 0x1A or tag == 0x22:
                status = _put_extra(HISTOGRAM if tag == 0x1A else EXEMPLAR, n, begin, p, state, extras)
            elif tag == 0x2A:
                kind, text, unit, good = _metadata(data, begin, p)
                told[n, 0], told[n, 1], told[n, 2] = kind, text, unit
                told[n, 3] = _metadata_key(kind, text, unit, hashes)
                if not good or (told[n, 3] == 0 and text + unit > 0):
                    status = MALFORMED
            elif tag == 0x30:
                created = _signed(_varint(data, begin, p)[0])
        if status == DONE and (here - labels) % 2 == 1:
            status = MALFORMED
        if status == DONE:
            first, second = mix(first), mix(second ^ mix(first))
            one = links[before, FOLLOWS] if before >= 0 else -1
            if one < 0 or keys[one, 0] != first or keys[one, 1] != second:
                one = _lookup(first, second, 0, before, state, table, keys, links)
                status = DONE if one >= 0 else MORE_KNOWN
        if status != DONE:
            m, state[EXTRAS] = samples_before, extras_before
            break
        if created != 0:
            state[SERIES] = n
            _note_created(created, samples_before, m, state, samples, extras)
        series[n, 0], series[n, 1], series[n, 2] = one, labels, here - labels
        at, before, labels = behind, one, here
        n += 1
    state[AT], state[SERIES], state[SAMPLES], state[BEFORE], state[PAIRS] = at, n, m, before, labels
    return status


@kernel
def count_labels(
    data: NDArray[np.uint8], at: NDArray[np.int64], length: NDArray[np.int32], offsets: NDArray[np.int64]
) -> bool:
    """How many labels stand in each span of Label fields, summed up in `offsets` (n + 1); False where malformed."""
    for i in range(at.size):
        begin, end, n = at[i], at[i] + length[i], 0
        while begin < end:
            begin = _span(data, begin + 1, end)[1]
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
            field, begin = _span(data, begin + 1, end)
            starts[n, 0], starts[n, 1], lengths[n, 0], lengths[n, 1] = 0, 0, 0, 0
            while field < begin:
                tag, field = _tag(data, field, begin)
                if field < 0:
                    return False
                if tag == 0x0A or tag == 0x12:
                    side = 0 if tag == 0x0A else 1
                    text, field = _span(data, field, begin)
                    if field >= 0:
                        starts[n, side], lengths[n, side] = text, field - text
                else:
                    field = _skip(data, field, begin, tag & 7)
                if field < 0:
                    return False
            n += 1
    return True
