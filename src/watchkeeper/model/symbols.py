"""Strings as small integers, so that labels can be compared, grouped and joined as columns."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Symbols:
    """A growing two-way table of strings; symbol 0 is the empty string, which stands for an absent label.

    Symbols are never removed or renumbered, so an array of them stays valid for the table's life. Safe for many
    threads: readers take no lock.
    """

    __slots__ = ("_codes", "_lock", "_strings")

    def __init__(self) -> None:
        self._strings: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._strings)

    def __getitem__(self, code: int) -> str:
        return self._strings[code]

    @property
    def strings(self) -> list[str]:
        """All strings by their symbol; to be read only."""
        return self._strings

    def get(self, string: str) -> int | None:
        """The symbol of `string`, or None where it has none yet."""
        return self._codes.get(string)

    def intern(self, string: str) -> int:
        """The symbol of `string`, given to it now where it has none yet."""
        code = self._codes.get(string)
        if code is not None:
            return code
        with self._lock:
            code = self._codes.get(string)
            if code is None:
                code = len(self._strings)
                self._strings.append(string)
                self._codes[string] = code
            return code

    def intern_all(self, strings: Iterable[str]) -> NDArray[np.int32]:
        """The symbols of `strings`, shape (n,)."""
        return np.fromiter((self.intern(s) for s in strings), dtype=np.int32)
