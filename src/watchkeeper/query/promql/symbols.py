"""Strings that a query makes up (by label_replace, say), beside the store's symbols, which it must not swell."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.symbols import Symbols


class QuerySymbols(Symbols):
    """The symbols of `base` and, as negative codes, the strings that only this query knows.

    Frames over it compare and join like any others; `settled` turns them into frames for other rooms. It belongs to
    one query and one thread. `strings` and `len` are the base's.
    """

    __slots__ = ("_base", "_own", "_own_codes")

    def __init__(self, base: Symbols) -> None:
        super().__init__()
        self._base = base
        self._own: list[str] = []
        self._own_codes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._base)

    def __getitem__(self, code: int) -> str:
        return self._base[code] if code >= 0 else self._own[-code - 1]

    @property
    def strings(self) -> list[str]:
        """The base's strings by their symbol; to be read only."""
        return self._base.strings

    @property
    def base(self) -> Symbols:
        """The symbols that this query's data came with."""
        return self._base

    def get(self, string: str) -> int | None:
        """The symbol of `string`, or None where it has none yet."""
        code = self._own_codes.get(string)
        return self._base.get(string) if code is None else code

    def intern(self, string: str) -> int:
        """The symbol of `string`; a new one is this query's own."""
        code = self.get(string)
        if code is None:
            self._own.append(string)
            code = -len(self._own)
            self._own_codes[string] = code
        return code

    def intern_all(self, strings: Iterable[str]) -> NDArray[np.int32]:
        """The symbols of `strings`, shape (n,)."""
        return np.fromiter((self.intern(s) for s in strings), dtype=np.int32)

    def texts(self, codes: NDArray[np.int32]) -> list[str]:
        """The strings of many codes."""
        base, own = self._base.strings, self._own
        return [base[code] if code >= 0 else own[-code - 1] for code in codes.tolist()]

    def adopted(self, frame: LabelFrame) -> LabelFrame:
        """`frame` over these symbols, whatever symbols it came with."""
        if frame.symbols is self._base or frame.symbols is self:
            return LabelFrame(self, frame.names, frame.codes)
        foreign = frame.symbols
        distinct, at = np.unique(frame.codes, return_inverse=True)
        mine = self.intern_all(foreign[int(code)] for code in distinct)
        return LabelFrame(self, frame.names, mine[at].reshape(frame.codes.shape))

    def settled(self, frame: LabelFrame) -> LabelFrame:
        """`frame` as other rooms may have it: over the base's symbols, or over fresh ones where strings are new."""
        if not self._own or not np.any(frame.codes < 0):
            return LabelFrame(self._base, frame.names, frame.codes)
        distinct, at = np.unique(frame.codes, return_inverse=True)
        fresh = Symbols()
        codes = fresh.intern_all(self.texts(distinct))
        return LabelFrame(fresh, frame.names, codes[at].reshape(frame.codes.shape))
