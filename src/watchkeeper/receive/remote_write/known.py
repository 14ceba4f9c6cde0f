"""The series that a tenant's senders have sent before, recognised without looking into their labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.remote_write import (
    AT,
    BEFORE,
    DONE,
    EXTRAS,
    KNOWN,
    MALFORMED,
    MORE_EXTRAS,
    MORE_KNOWN,
    MORE_SAMPLES,
    MORE_SERIES,
    SAMPLES,
    SERIES,
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


class Known:
    """At most about `most` series, each with the ref that the store gave it. One thread scans at a time."""

    def __init__(self, generation: int, most: int = 8_000_000, largest: int = 4_000_000) -> None:
        self.generation = generation
        self.refs = np.zeros(_FIRST_ROOM, dtype=np.int32)
        self.meta = np.zeros(_FIRST_ROOM, dtype=np.uint64)
        self._most = most
        self._largest = largest
        self._table = np.full(2 * _FIRST_ROOM, -1, dtype=np.int32)
        self._keys = np.zeros((_FIRST_ROOM, 2), dtype=np.uint64)
        self._lengths = np.zeros(_FIRST_ROOM, dtype=np.int32)
        self._follows = np.zeros(_FIRST_ROOM, dtype=np.int32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Say whether it is time to begin anew."""
        return self._count >= self._most

    def scan_v1(self, body: Body) -> Scanned:
        """Scan a 1.0 request. Raises Malformed, TooLarge, or Unusual where it must be rewritten first."""
        series, metadata = self._counted(body, _SERIES_V1, _METADATA_V1)
        out = Scanned.room(body, series, metadata)
        state = self._state()
        while True:
            status = scan_v1(
                body.data,
                body.size,
                state,
                self._table,
                self._keys,
                self._lengths,
                self._follows,
                self.refs,
                self.meta,
                out.known,
                out.label_at,
                out.label_length,
                out.owner,
                out.times,
                out.bits,
                out.extras,
            )
            self._count = int(state[KNOWN])
            if status == DONE:
                return out.cut(state)
            self._resume(status, state, out)

    def scan_v2(self, body: Body) -> Scanned:
        """Scan a 2.0 request. Raises Malformed or TooLarge."""
        series, symbols = self._counted(body, _SERIES_V2, _SYMBOLS_V2)
        table = Symbols.room(symbols)
        scan_symbols(body.data, body.size, table.starts, table.lengths, table.hashes)
        out = Scanned.room(body, series, 0, table)
        state = self._state()
        while True:
            status = scan_v2(
                body.data,
                body.size,
                state,
                self._table,
                self._keys,
                self._lengths,
                self._follows,
                self.refs,
                self.meta,
                table.hashes,
                out.known,
                out.label_at,
                out.pairs,
                out.told,
                out.told_key,
                out.owner,
                out.times,
                out.bits,
                out.starts,
                out.extras,
            )
            self._count = int(state[KNOWN])
            if status == DONE:
                return out.cut(state)
            self._resume(status, state, out)

    def _counted(self, body: Body, series: int, other: int) -> tuple[int, int]:
        n, m = count_fields(body.data, body.size, series, other)
        if n < 0:
            raise Malformed("the body is not a protobuf message: a field at its top level is cut off or unknown")
        if n > self._largest or m > self._largest:
            raise TooLarge(f"the request has {max(n, m)} series, symbols or metadata, of {self._largest} allowed")
        return n, m

    def _state(self) -> NDArray[np.int64]:
        state = np.zeros(6, dtype=np.int64)
        state[KNOWN], state[BEFORE] = self._count, -1
        return state

    def _resume(self, status: int, state: NDArray[np.int64], out: Scanned) -> None:
        """Make the room that the scan asked for."""
        at, series = int(state[AT]), int(state[SERIES])
        if status == MALFORMED:
            raise Malformed(f"the body is not the protobuf message that it is said to be, in the series at byte {at}")
        if status == UNUSUAL:
            raise Unusual
        if status == MORE_SERIES:
            out.more_pairs()
        elif status == MORE_SAMPLES:
            if out.owner.size >= self._largest:
                raise TooLarge(f"the request has more samples than the {self._largest} allowed (series {series})")
            out.more_samples(int(state[SAMPLES]))
        elif status == MORE_EXTRAS:
            out.more_extras(int(state[EXTRAS]))
        elif status == MORE_KNOWN:
            self._grow()

    def _grow(self) -> None:
        room, count = 2 * self.refs.size, self._count
        for name in ("refs", "meta", "_keys", "_lengths", "_follows"):
            old: NDArray[np.generic] = getattr(self, name)
            grown = np.zeros((room, *old.shape[1:]), dtype=old.dtype)
            grown[:count] = old[:count]
            setattr(self, name, grown)
        self._table = np.full(2 * room, -1, dtype=np.int32)
        rehash_known(self._keys, count, self._table)
