"""Scanning exposition text whose lines were nearly all seen before.

A vocabulary holds the raw bytes of every series text and comment line that a target has sent. A scan guesses that a
line names the successor of the line before it and confirms the guess by comparing bytes; it hashes only where the
guess fails. Whatever is not plainly a known text followed by a plain number is handed back, to be read carefully.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.float_text import read_float
from watchkeeper.kernels.kernel import kernel

# Cells of a scan's state.
AT, PREVIOUS, ROW, TYPE, ITERATION, STRANGE, DUPLICATES = range(7)
STATE_CELLS = 7

# What a vocabulary's entry is: a series, a comment, or (from TYPE_COMMENT on) the comment that sets that type.
SERIES, COMMENT, TYPE_COMMENT = 0, 1, 2

# What is odd about a row.
PLAIN, EXEMPLAR, DUPLICATE = 0, 1, 2

NO_TIMESTAMP = -(1 << 63)

_TAB, _NEWLINE, _SPACE, _QUOTE, _HASH = 9, 10, 32, 34, 35
_BACKSLASH, _OPEN, _CLOSE = 92, 123, 125
_FNV_BASIS, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_S29 = np.uint64(29)


@kernel
def hash_bytes(text: NDArray[np.uint8], at: int, length: int) -> np.uint64:
    """A 64-bit hash of text[at:at+length]."""
    h = _FNV_BASIS
    for i in range(at, at + length):
        h = (h ^ np.uint64(text[i])) * _FNV_PRIME
    return h ^ (h >> _S29)


@kernel
def same_bytes(a: NDArray[np.uint8], i: int, b: NDArray[np.uint8], j: int, length: int) -> bool:
    """Say whether a[i:i+length] and b[j:j+length] are equal."""
    if length and a[i + length - 1] != b[j + length - 1]:
        return False
    # Unsigned indexes cannot count from the end, which lets the loop become vector instructions.
    first, second, difference = np.uintp(i), np.uintp(j), np.uint8(0)
    for k in range(np.uintp(length)):
        difference |= a[first + k] ^ b[second + k]
    return difference == 0


@kernel
def find(
    text: NDArray[np.uint8],
    at: int,
    length: int,
    keys: NDArray[np.uint8],
    starts: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    table: NDArray[np.int32],
) -> int:
    """The entry whose key is text[at:at+length], or −1.

    Entry e's key is keys[starts[e]:starts[e+1]]; `table` is an open-addressed index of them, its size a power of two.
    """
    h = hash_bytes(text, at, length)
    mask = table.shape[0] - 1
    slot = np.int64(h & np.uint64(mask))
    while table[slot] >= 0:
        entry = table[slot]
        likely = hashes[entry] == h and starts[entry + 1] - starts[entry] == length
        if likely and same_bytes(text, at, keys, int(starts[entry]), length):
            return entry
        slot = (slot + 1) & mask
    return -1


@kernel
def index_entries(hashes: NDArray[np.uint64], first: int, last: int, table: NDArray[np.int32]) -> None:
    """Put the entries [first, last) into `table`, which has free slots for them."""
    mask = table.shape[0] - 1
    for entry in range(first, last):
        slot = np.int64(hashes[entry] & np.uint64(mask))
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = entry


@kernel
def gather_keys(
    keys: NDArray[np.uint8],
    starts: NDArray[np.int64],
    kept: NDArray[np.int64],
    out: NDArray[np.uint8],
    out_starts: NDArray[np.int64],
) -> None:
    """Copy the keys of the entries `kept` to `out`, one behind the other."""
    at = 0
    for i in range(kept.shape[0]):
        out_starts[i] = at
        for j in range(starts[kept[i]], starts[kept[i] + 1]):
            out[at] = keys[j]
            at += 1
    out_starts[kept.shape[0]] = at


@kernel
def _line_end(body: NDArray[np.uint8], at: int) -> int:
    while at < body.shape[0] and body[at] != _NEWLINE:
        at += 1
    return at


@kernel
def _series_end(body: NDArray[np.uint8], at: int) -> int:
    """Where the series text that starts at `at` ends (behind its name or its closing brace), −1 where it does not."""
    size = body.shape[0]
    while at < size and body[at] != _SPACE and body[at] != _TAB and body[at] != _NEWLINE and body[at] != _OPEN:
        at += 1
    if at >= size or body[at] != _OPEN:
        return at
    quoted = False
    while at < size:
        c = body[at]
        if quoted and c == _BACKSLASH:
            at += 1
        elif c == _QUOTE:
            quoted = not quoted
        elif c == _CLOSE and not quoted:
            return at + 1
        at += 1
    return -1


@kernel
def _ends(body: NDArray[np.uint8], end: int, kind: int) -> bool:
    """Say whether a known text of this kind may end before body[end]: a series at a blank, a comment with its line."""
    if end == body.shape[0]:
        return kind != SERIES
    c = body[end]
    return c in (_SPACE, _TAB) if kind == SERIES else c == _NEWLINE


@kernel
def _look_up(
    body: NDArray[np.uint8],
    at: int,
    keys: NDArray[np.uint8],
    starts: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    table: NDArray[np.int32],
) -> tuple[int, int]:
    """The entry that the line at `at` is, or begins with, and where its text ends; (−1, at) where it is unknown."""
    end = _line_end(body, at) if body[at] == _HASH else _series_end(body, at)
    entry = find(body, at, end - at, keys, starts, hashes, table) if end > at else -1
    if entry < 0 or not _ends(body, end, kinds[entry]):
        return -1, at
    return entry, end


@kernel
def _field_end(body: NDArray[np.uint8], at: int) -> int:
    while at < body.shape[0] and body[at] != _SPACE and body[at] != _TAB and body[at] != _NEWLINE:
        at += 1
    return at


@kernel
def _gap_end(body: NDArray[np.uint8], at: int, openmetrics: bool) -> int:
    """Behind the blanks at `at`: any number of them in the text format, one space and no more in OpenMetrics."""
    if openmetrics:
        return at + 1 if at < body.shape[0] and body[at] == _SPACE else at
    while at < body.shape[0] and (body[at] == _SPACE or body[at] == _TAB):
        at += 1
    return at


@kernel
def _milliseconds(body: NDArray[np.uint8], at: int, end: int, openmetrics: bool) -> int:
    """The ms that body[at:end] spells (as ms, in OpenMetrics as seconds); NO_TIMESTAMP where it does so not plainly."""
    if openmetrics:
        sure, seconds = read_float(body, at, end)
        return int(seconds * 1000.0) if sure and abs(seconds) < 1e15 else NO_TIMESTAMP
    if end == at or end - at > 18:
        return NO_TIMESTAMP
    ms = 0
    for i in range(at, end):
        digit = int(body[i]) - 48
        if digit < 0 or digit > 9:
            return NO_TIMESTAMP
        ms = ms * 10 + digit
    return ms


@kernel
def _read_rest(body: NDArray[np.uint8], at: int, openmetrics: bool) -> tuple[int, int, int]:
    """Read on behind a value: where the next line starts (−1 where unsure), the time, the exemplar's `#` or 0."""
    size, before = body.shape[0], at
    time, tail = NO_TIMESTAMP, 0
    at = _gap_end(body, at, openmetrics)
    if at < size and body[at] != _NEWLINE and body[at] != _HASH:
        before = _field_end(body, at)
        time = _milliseconds(body, at, before, openmetrics)
        if time == NO_TIMESTAMP:
            return -1, time, tail
        at = _gap_end(body, before, openmetrics)
    if openmetrics and at < size and body[at] == _HASH:
        tail = at
        at = _line_end(body, at)
    elif openmetrics and at != before:
        return -1, time, tail
    if at >= size:
        return -1 if openmetrics else at, time, tail
    return at + 1 if body[at] == _NEWLINE else -1, time, tail


@kernel
def scan(
    body: NDArray[np.uint8],
    openmetrics: bool,
    state: NDArray[np.int64],
    keys: NDArray[np.uint8],
    starts: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    successors: NDArray[np.int32],
    seen: NDArray[np.int64],
    table: NDArray[np.int32],
    entries: NDArray[np.int32],
    values: NDArray[np.float64],
    times: NDArray[np.int64],
    tails: NDArray[np.int64],
    marks: NDArray[np.uint8],
) -> bool:
    """Read lines from state[AT] on; True at the end of the body.

    False before a line that needs the careful reader, and where the columns are full.

    Each sample fills one row of `entries`, `values`, `times` (NO_TIMESTAMP where it has none), `tails` and `marks`;
    state[ROW] counts them. `seen` holds the iteration in which an entry was last met; state[STRANGE] counts the
    comments that were not met in the iteration before this one.
    """
    at, previous, row, iteration = int(state[AT]), int(state[PREVIOUS]), int(state[ROW]), state[ITERATION]
    size, finished = body.shape[0], True
    while at < size:
        if row == entries.shape[0]:
            finished = False
            break
        entry, end = int(successors[previous]) if previous >= 0 else -1, -1
        if entry >= 0:
            first = int(starts[entry])
            length = int(starts[entry + 1]) - first
            if (
                at + length < size
                and same_bytes(body, at, keys, first, length)
                and _ends(body, at + length, kinds[entry])
            ):
                end = at + length
        if end < 0:
            entry, end = _look_up(body, at, keys, starts, hashes, kinds, table)
            if entry < 0:
                finished = False
                break
            if previous >= 0:
                successors[previous] = entry
        if kinds[entry] == SERIES:
            first = _gap_end(body, end, openmetrics)
            end = _field_end(body, first)
            sure, value = read_float(body, first, end)
            following, time, tail = end + 1, NO_TIMESTAMP, 0
            if end == size or body[end] != _NEWLINE:
                following, time, tail = _read_rest(body, end, openmetrics)
            if not sure or following < 0:
                finished = False
                break
            marks[row] = EXEMPLAR if tail else PLAIN
            if seen[entry] == iteration and time == NO_TIMESTAMP:
                marks[row] |= DUPLICATE
                state[DUPLICATES] += 1
            entries[row], values[row], times[row], tails[row] = entry, value, time, tail
            row += 1
            at = following
        else:
            if openmetrics and end >= size:
                finished = False
                break
            if kinds[entry] >= TYPE_COMMENT:
                state[TYPE] = kinds[entry] - TYPE_COMMENT
            if seen[entry] < iteration - 1:
                state[STRANGE] += 1
            at = end + 1
        seen[entry] = iteration
        previous = entry
    state[AT], state[PREVIOUS], state[ROW] = at, previous, row
    return finished
