"""Arrays that grow by doubling, so that readers may go on with the array they have."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

T = TypeVar("T", bound=np.generic)

_FIRST_ROOM = 1024


class Column(Generic[T]):
    """An append-only array with spare room; `data` is replaced, never shrunk, when more room is needed."""

    __slots__ = ("_fill", "data")

    def __init__(self, dtype: DTypeLike, fill: int = 0, room: int = _FIRST_ROOM) -> None:
        self._fill = fill
        self.data: NDArray[T] = np.full(room, fill, dtype=dtype)

    def reserve(self, size: int) -> None:
        """Make room for `size` values in all."""
        room = self.data.size
        if size <= room:
            return
        while room < size:
            room *= 2
        # Zeroed pages cost no memory until they are touched.
        grown: NDArray[T] = np.zeros(room, dtype=self.data.dtype)
        grown[: self.data.size] = self.data
        if self._fill:
            grown[self.data.size :] = self._fill
        self.data = grown
