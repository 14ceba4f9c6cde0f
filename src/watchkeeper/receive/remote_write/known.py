"""The series that a tenant's senders have sent before, recognised without looking into their labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.remote_write import (
    AT,
    BEFORE,
    DONE,
    KNOWN,
    MALFORMED,
    MORE_EXTRAS,
    MORE_KNOWN,
    MORE_PAIRS,
    MORE_SAMPLES,
    REF,
    TOLD,
    UNUSUAL,
    count_fields,
    rehash_known,
    scan_symbols,
    scan_v1,
    scan_v2,
)
from watchkeeper.receive.remote_write.body import Body
from watchkeeper.receive.remote_write.failure import Malformed, TooLarge
from watchkeeper.receive.remote_write.scanned import Scanned, Symbols, Unusual

_SERIES_V1, _METADATA_V1, _SERIES_V2, _SYMBOLS_V2 = 0x0A, 0x1A, 0x2A, 0x22
_FIRST_ROOM = 4096
_MOST_SERIES, _MOST_SAMPLES, _MOST_EXTRAS = 1_000_000, 4_000_000, 250_000
"""What one request may hold: a few bytes each could otherwise stand for much memory and time."""


class Known:
    """At most about `most` series, each with the ref that the store gave it. One thread scans at a time.

    `keys` and `links` have a row for each series, as the kernel says.
    """

    def __init__(self, generation: int, most: int = 8_000_000) -> None:
        self.generation = generation
        self._most = most
        self._count = 0
        self._table = np.full(2 * _FIRST_ROOM, -1, dtype=np.int32)
        self._keys = np.empty((_FIRST_ROOM, 3), dtype=np.uint64)
        self._links = np.empty((_FIRST_ROOM, 3), dtype=np.int32)

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Say whether it is time to begin anew."""
        return self._count >= self._most

    @property
    def refs(self) -> NDArray[np.int32]:
        """The store's ref of each series, UNRESOLVED where it has not given one; may be set."""
        return self._links[:, REF]

    @property
    def told(self) -> NDArray[np.uint64]:
        """The hash of what each series has told of its metric, 0 where nothing; may be set."""
        return self._keys[:, TOLD]

    def scan_v1(self, body: Body) -> Scanned:
        """Scan a 1.0 request. Raises Malformed, TooLarge, or Unusual where it must be rewritten first."""
        series, metadata = self._counted(body, _SERIES_V1, _METADATA_V1)
        out = Scanned.room(body, series, metadata)

        def scan(state: NDArray[np.int64]) -> int:
            book = self._table, self._keys, self._links
            return scan_v1(body.data, body.size, state, *book, out.series, out.samples, out.extras)

        return self._scan(out, scan)

    def scan_v2(self, body: Body) -> Scanned:
        """Scan a 2.0 request. Raises Malformed or TooLarge."""
        series, symbols = self._counted(body, _SERIES_V2, _SYMBOLS_V2)
        table = Symbols.room(symbols)
        scan_symbols(body.data, body.size, table.starts, table.lengths, table.hashes)
        out = Scanned.room(body, series, 0, table)

        def scan(state: NDArray[np.int64]) -> int:
            words, book = (table.hashes, out.pairs, out.told), (self._table, self._keys, self._links)
            return scan_v2(body.data, body.size, state, *words, *book, out.series, out.samples, out.extras)

        return self._scan(out, scan)

    def _scan(self, out: Scanned, scan: Callable[[NDArray[np.int64]], int]) -> Scanned:
        """Scan until the end, making room as it is asked for."""
        state = np.zeros(7, dtype=np.int64)
        state[KNOWN], state[BEFORE] = self._count, -1
        while True:
            status = scan(state)
            self._count = int(state[KNOWN])
            if status == DONE:
                return out.cut(state)
            self._resume(status, state, out)

    def _counted(self, body: Body, series: int, other: int) -> tuple[int, int]:
        n, m = count_fields(body.data, body.size, series, other)
        if n < 0:
            raise Malformed("the body is not a protobuf message: a field at its top level is cut off or unknown")
        if max(n, m) > _MOST_SERIES:
            raise TooLarge(f"the request has {max(n, m)} series, symbols or metadata, of {_MOST_SERIES} allowed")
        return n, m

    def _resume(self, status: int, state: NDArray[np.int64], out: Scanned) -> None:
        """Make the room that the scan asked for."""
        if status == MALFORMED:
            at = int(state[AT])
            raise Malformed(f"the body is not the protobuf message that it is said to be, in the field at byte {at}")
        if status == UNUSUAL:
            raise Unusual
        if status == MORE_PAIRS:
            out.more_pairs()
        elif status == MORE_SAMPLES:
            if out.samples.shape[0] > _MOST_SAMPLES:
                raise TooLarge(f"the request has more samples than the {_MOST_SAMPLES} allowed")
            out.more_samples()
        elif status == MORE_EXTRAS:
            if out.extras.shape[0] > _MOST_EXTRAS:
                raise TooLarge(f"the request has more histograms and exemplars than the {_MOST_EXTRAS} allowed")
            out.more_extras()
        else:
            assert status == MORE_KNOWN, "the series of a body are counted before"
            self._grow()

    def _grow(self) -> None:
        count = self._count
        keys, links = np.empty((2 * count, 3), dtype=np.uint64), np.empty((2 * count, 3), dtype=np.int32)
        keys[:count], links[:count] = self._keys[:count], self._links[:count]
        self._table = np.full(1 << (4 * count).bit_length(), -1, dtype=np.int32)
        rehash_known(keys, count, self._table)
        self._keys, self._links = keys, links
