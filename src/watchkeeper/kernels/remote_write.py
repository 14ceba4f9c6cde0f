"""Scanning remote-write bodies: floats go straight into columns, series are recognised by their label bytes.

A `known` series has a 128-bit key, the hash of its label bytes (1.0) or of its label strings (2.0), and an ordinal. The
series that followed it the last time (`follows`) is guessed first, so that a sender's usual order costs one comparison.

State of a scan, an int64 array: how far it came in the body, series, samples and extras so far, known series, the
ordinal of the series before. The scan stops with a `Scan` status where an array is full, and can be resumed with the
same state once there is room. Bodies are padded with at least 16 bytes beyond `size`.
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

DONE, MALFORMED, UNUSUAL, MORE_SERIES, MORE_SAMPLES, MORE_EXTRAS, MORE_KNOWN = 0, 1, 2, 3, 4, 5, 6
AT, SERIES, SAMPLES, EXTRAS, KNOWN, BEFORE = 0, 1, 2, 3, 4, 5
METADATA, EXEMPLAR, HISTOGRAM = 0, 1, 2
"""Kinds of extras: what is decoded outside the kernel."""
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
    table: NDArray[np.int32],
    keys: NDArray[np.uint64],
    lengths: NDArray[np.int32],
    follows: NDArray[np.int32],
    refs: NDArray[np.int32],
    meta: NDArray[np.uint64],
    count: int,
) -> tuple[int, int]:
    """The ordinal of a key, given now where it has none, and the count of known series; −1 where there is no room."""
    mask = np.uint64(table.size - 1)
    slot = first & mask
    while table[slot] >= 0:
        at = table[slot]
        if keys[at, 0] == first and keys[at, 1] == second:
            return at, count
        slot = (slot + np.uint64(1)) & mask
    if count >= refs.size or 2 * (count + 1) > table.size:
        return -1, count
    table[slot] = count
    keys[count, 0], keys[count, 1] = first, second
    lengths[count], follows[count], refs[count], meta[count] = length, -1, UNRESOLVED, 0
    return count, count + 1


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
def scan_v1(
    data: NDArray[np.uint8],
    size: int,
    state: NDArray[np.int64],
    table: NDArray[np.int32],
    keys: NDArray[np.uint64],
    lengths: NDArray[np.int32],
    follows: NDArray[np.int32],
    refs: NDArray[np.int32],
    meta: NDArray[np.uint64],
    known: NDArray[np.int32],
    label_at: NDArray[np.int64],
    label_length: NDArray[np.int32],
    owner: NDArray[np.int32],
    times: NDArray[np.int64],
    bits: NDArray[np.uint64],
    extras: NDArray[np.int64],
) -> int:
    """Scan a prometheus.WriteRequest.

    Series i is the known series `known[i]`, its labels are the fields at `label_at[i]`; sample k belongs to series
    `owner[k]`. Rows of `extras` are (kind, series or −1, begin, end). UNUSUAL says that a series' labels do not lie
    together at its begin, which only a rewritten body helps.
    """
    at, n, m, x = state[AT], state[SERIES], state[SAMPLES], state[EXTRAS]
    count, before = state[KNOWN], state[BEFORE]
    status = DONE
    while at < size:
        here, samples_here, extras_here = at, m, x
        tag, at = _tag(data, at, size)
        if at < 0:
            status = MALFORMED
            break
        if tag != 0x0A:
            end = _skip(data, at, size, tag & 7)
            if end < 0:
                status = MALFORMED
                break
            if tag == 0x1A:
                if x >= extras.shape[0]:
                    at, status = here, MORE_EXTRAS
                    break
                begin = _span(data, at, size)[0]
                extras[x, 0], extras[x, 1], extras[x, 2], extras[x, 3] = METADATA, -1, begin, end
                x += 1
            at = end
            continue
        at, end = _span(data, at, size)
        if at < 0:
            at, status = here, MALFORMED
            break
        if n >= known.size:
            at, status = here, MORE_SERIES
            break
        labels, one = at, -1
        guess = follows[before] if before >= 0 else -1
        if guess >= 0:
            length = lengths[guess]
            if labels + length <= end and (labels + length == end or data[labels + length] != 0x0A):
                first, second = hash128(data, labels, length)
                if keys[guess, 0] == first and keys[guess, 1] == second:
                    one, at = guess, labels + length
        if one < 0:
            while at < end and data[at] == 0x0A:
                at = _span(data, at + 1, end)[1]
                if at < 0:
                    break
            if at < 0:
                at, status = here, MALFORMED
                break
            first, second = hash128(data, labels, at - labels)
            one, count = _lookup(first, second, at - labels, table, keys, lengths, follows, refs, meta, count)
            if one < 0:
                at, status = here, MORE_KNOWN
                break
            if before >= 0:
                follows[before] = one
        known[n], label_at[n], label_length[n] = one, labels, at - labels
        while at < end:
            tag, at = _tag(data, at, end)
            if at < 0:
                status = MALFORMED
                break
            if tag == 0x12:
                begin, at = _span(data, at, end)
                if at < 0:
                    status = MALFORMED
                    break
                if m >= owner.size:
                    status = MORE_SAMPLES
                    break
                value, time, _start, good = _sample(data, begin, at)
                if not good:
                    status = MALFORMED
                    break
                owner[m], times[m], bits[m] = n, time, value
                m += 1
                continue
            if tag == 0x0A:
                status = UNUSUAL
                break
            begin = at
            at = _skip(data, at, end, tag & 7)
            if at < 0:
                status = MALFORMED
                break
            if tag == 0x1A or tag == 0x22:
                if x >= extras.shape[0]:
                    status = MORE_EXTRAS
                    break
                extras[x, 0], extras[x, 1] = EXEMPLAR if tag == 0x1A else HISTOGRAM, n
                extras[x, 2], extras[x, 3] = _span(data, begin, end)[0], at
                x += 1
        if status != DONE:
            at, m, x = here, samples_here, extras_here
            break
        before = one
        n += 1
    state[AT], state[SERIES], state[SAMPLES], state[EXTRAS] = at, n, m, x
    state[KNOWN], state[BEFORE] = count, before
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
def scan_v2(
    data: NDArray[np.uint8],
    size: int,
    state: NDArray[np.int64],
    table: NDArray[np.int32],
    keys: NDArray[np.uint64],
    lengths: NDArray[np.int32],
    follows: NDArray[np.int32],
    refs: NDArray[np.int32],
    meta: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    known: NDArray[np.int32],
    pair_at: NDArray[np.int64],
    pairs: NDArray[np.int32],
    told: NDArray[np.int64],
    told_key: NDArray[np.uint64],
    owner: NDArray[np.int32],
    times: NDArray[np.int64],
    bits: NDArray[np.uint64],
    starts: NDArray[np.int64],
    extras: NDArray[np.int64],
) -> int:
    """Scan an io.prometheus.write.v2.Request whose symbols have `hashes`.

    As `scan_v1`; series i has the label symbols `pairs[pair_at[i]:pair_at[i + 1]]`, name and value in turn. Rows of
    `told` are its metadata (type, help symbol, unit symbol; type −1: none), `told_key` its hash. A series' created
    timestamp becomes the start of its samples that have none, and the fifth column of its histograms' extras.
    """
    at, n, m, x = state[AT], state[SERIES], state[SAMPLES], state[EXTRAS]
    count, before = state[KNOWN], state[BEFORE]
    status, symbols = DONE, hashes.shape[0]
    while at < size:
        here, samples_here, extras_here = at, m, x
        tag, at = _tag(data, at, size)
        if at < 0:
            status = MALFORMED
            break
        if tag != 0x2A:
            at = _skip(data, at, size, tag & 7)
            if at < 0:
                at, status = here, MALFORMED
                break
            continue
        at, end = _span(data, at, size)
        if at < 0:
            at, status = here, MALFORMED
            break
        if n >= known.size:
            at, status = here, MORE_SERIES
            break
        p, created = pair_at[n], 0
        told[n, 0], told[n, 1], told[n, 2] = -1, 0, 0
        first, second, place = _P1, _P2, _P1
        while at < end:
            tag, at = _tag(data, at, end)
            if at < 0:
                status = MALFORMED
                break
            begin, behind = at, -1
            if tag & 7 == 2:
                begin, behind = _span(data, at, end)
            else:
                behind = _skip(data, at, end, tag & 7)
            if behind < 0:
                status = MALFORMED
                break
            at = behind
            if tag == 0x0A or tag == 0x08:
                while begin < behind:
                    if data[begin] < 0x80:
                        symbol = np.int64(data[begin])
                        begin += 1
                    elif begin + 1 < behind and data[begin + 1] < 0x80:
                        symbol = np.int64(data[begin] & 0x7F) | np.int64(data[begin + 1]) << 7
                        begin += 2
                    else:
                        value, begin = _varint(data, begin, behind)
                        symbol = np.int64(symbols) if value >= np.uint64(symbols) else _signed(value)
                    if begin < 0 or symbol >= symbols:
                        status = MALFORMED
                        break
                    if p >= pairs.size:
                        status = MORE_SERIES
                        break
                    pairs[p] = symbol
                    p += 1
                    # Independent products by place: a chain of multiplications would be all that this loop waits for.
                    place += _P3 << np.uint64(1)
                    first += hashes[symbol, 0] * place
                    second += hashes[symbol, 1] * (place ^ _P2)
            elif tag == 0x12:
                if m >= owner.size:
                    status = MORE_SAMPLES
                    break
                value, time, start, good = _sample(data, begin, behind)
                if not good:
                    status = MALFORMED
                    break
                owner[m], times[m], bits[m], starts[m] = n, time, value, start
                m += 1
            elif tag == 0x1A or tag == 0x22:
                if x >= extras.shape[0]:
                    status = MORE_EXTRAS
                    break
                extras[x, 0], extras[x, 1] = HISTOGRAM if tag == 0x1A else EXEMPLAR, n
                extras[x, 2], extras[x, 3], extras[x, 4] = begin, behind, 0
                x += 1
            elif tag == 0x2A:
                kind, text, unit, good = _metadata(data, begin, behind)
                if not good or (text > 0 and text >= symbols) or (unit > 0 and unit >= symbols):
                    status = MALFORMED
                    break
                told[n, 0], told[n, 1], told[n, 2] = kind, text, unit
            elif tag == 0x30:
                value, begin = _varint(data, begin, behind)
                created = _signed(value)
            if status != DONE:
                break
        if status == DONE and (p - pair_at[n]) % 2 == 1:
            status = MALFORMED
        if status != DONE:
            at, m, x = here, samples_here, extras_here
            break
        first, second = mix(first), mix(second ^ first)
        one = follows[before] if before >= 0 else -1
        if one < 0 or keys[one, 0] != first or keys[one, 1] != second:
            one, count = _lookup(first, second, 0, table, keys, lengths, follows, refs, meta, count)
            if one < 0:
                at, m, x, status = here, samples_here, extras_here, MORE_KNOWN
                break
            if before >= 0:
                follows[before] = one
        if told[n, 0] >= 0 and symbols > 0:
            h = hashes[told[n, 1], 0] ^ _turn(hashes[told[n, 2], 0], 13)
            told_key[n] = mix(h + np.uint64(told[n, 0])) | np.uint64(1)
        else:
            told_key[n] = 0
        if created != 0:
            for k in range(samples_here, m):
                if starts[k] == 0:
                    starts[k] = created
            for k in range(extras_here, x):
                extras[k, 4] = created
        known[n], pair_at[n + 1] = one, p
        before = one
        n += 1
    state[AT], state[SERIES], state[SAMPLES], state[EXTRAS] = at, n, m, x
    state[KNOWN], state[BEFORE] = count, before
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
