"""The labels of many series as a table of symbols: one row a series, one column a label name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import Labels
from watchkeeper.model.symbols import Symbols


@dataclass(frozen=True, slots=True)
class LabelFrame:
    """The label sets of n series over k label names.

    `codes` has shape (n, k), int32, symbols of `symbols`; 0 where a series lacks the label. `names` are distinct and
    in no particular order. Two frames can be compared or joined by their codes only if they share `symbols`.
    """

    symbols: Symbols
    names: tuple[str, ...]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, symbols: Symbols, series: Iterable[Labels]) -> LabelFrame:
        """The frame of `series`, in their order."""
        rows = list(series)
        names = tuple(sorted({name for labels in rows for name in labels}))
        codes = np.zeros((len(rows), len(names)), dtype=np.int32)
        column = {name: i for i, name in enumerate(names)}
        for row, labels in enumerate(rows):
            for name, value in labels.pairs:
                codes[row, column[name]] = symbols.intern(value)
        return cls(symbols, names, codes)

    def __len__(self) -> int:
        return int(self.codes.shape[0])

    def column(self, name: str) -> NDArray[np.int32]:
        """The symbols of one label, shape (n,); zeros where no series has it."""
        if name in self.names:
            return self.codes[:, self.names.index(name)]
        return np.zeros(len(self), dtype=np.int32)

    def labels(self, row: int) -> Labels:
        """One series' labels."""
        strings = self.symbols.strings
        codes: list[int] = self.codes[row].tolist()
        return Labels((name, strings[code]) for name, code in zip(self.names, codes, strict=True))

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | Sequence[int]) -> LabelFrame:
        """The frame of the given rows (positions, or a mask)."""
        return LabelFrame(self.symbols, self.names, self.codes[np.asarray(rows)])

    def keep(self, names: Iterable[str]) -> LabelFrame:
        """The frame with only those columns of `names` that it has."""
        wanted = set(names)
        at = [i for i, name in enumerate(self.names) if name in wanted]
        return LabelFrame(self.symbols, tuple(self.names[i] for i in at), self.codes[:, at])

    def drop(self, names: Iterable[str]) -> LabelFrame:
        """The frame without the columns `names`."""
        unwanted = set(names)
        return self.keep(name for name in self.names if name not in unwanted)
