"""Float samples as the rows of their table: decimal mantissas and exponents, like those the series had before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import mantissa
from watchkeeper.store import rows as tables
from watchkeeper.store.native import Coded
from watchkeeper.store.rows import Rows

_SLOT_BITS = 22


class Floats:
    """Remembers, as a hint, how many decimal places each series needs; some series share a memory. For one thread."""

    def __init__(self) -> None:
        self._places = np.zeros(1 << _SLOT_BITS, dtype=np.int8)

    def rows(
        self,
        tenants: Coded,
        ids: NDArray[np.uint64],
        timestamps: NDArray[np.int64],
        values: NDArray[np.float64],
        starts: NDArray[np.int64] | None,
    ) -> Rows:
        """The rows of samples (m,)."""
        # Ids are spread evenly, and rows sorted by them meet the memory in its order.
        slots = (ids >> np.uint64(64 - _SLOT_BITS)).astype(np.int32)
        mantissas = np.empty(ids.size, dtype=np.int64)
        exponents = np.empty(ids.size, dtype=np.int8)
        mantissa.encode(values, slots, self._places, mantissas, exponents)
        some_starts = starts if starts is not None and starts.any() else None
        return tables.sample_rows(tenants, ids, timestamps, mantissas, exponents, some_starts)
