"""Label sets on their way into the index: columns over the distinct strings of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_keys import distinct_spans, native_spans
from watchkeeper.model.labels import Labels
from watchkeeper.model.symbols import Symbols


@dataclass(frozen=True, slots=True)
class Spans:
    """p spans of UTF-8 in one buffer: `starts` int64 and `lengths` int32, both shape (p,)."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]

    @classmethod
    def of_native(cls, data: NDArray[np.uint8], count: int) -> Spans:
        """The strings of a ClickHouse Native String column's bytes. Raises ValueError where the bytes end early."""
        starts, lengths = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int32)
        if native_spans(data, count, starts, lengths) < 0:
            raise ValueError(f"a column of {count} strings ends early, within {data.size} bytes")
        return cls(data, starts, lengths)

    def distinct(self, errors: str = "strict") -> tuple[list[str], NDArray[np.int32]]:
        """The distinct strings, and each span's position among them; `errors` as for `bytes.decode`."""
        size = 1 << max(4, (2 * self.starts.size).bit_length())
        table = np.full(size, -1, dtype=np.int32)
        inverse, first = np.empty(self.starts.size, dtype=np.int32), np.empty(self.starts.size, dtype=np.int32)
        count = distinct_spans(self.data, self.starts, self.lengths, table, inverse, first)
        view = self.data.tobytes()
        begins: list[int] = self.starts[first[:count]].tolist()
        sizes: list[int] = self.lengths[first[:count]].tolist()
        return [view[b : b + n].decode(errors=errors) for b, n in zip(begins, sizes, strict=True)], inverse


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """n label sets: set i has the pairs offsets[i]:offsets[i + 1], sorted by name, without empty values.

    `names` and `values` (int32) are positions in `strings`, which are distinct; `offsets` is int64, shape (n + 1,).
    """

    strings: Sequence[str]
    offsets: NDArray[np.int64]
    names: NDArray[np.int32]
    values: NDArray[np.int32]

    @classmethod
    def of(cls, labels: Sequence[Labels]) -> LabelColumns:
        """The columns of `labels`, in their order."""
        number: dict[str, int] = {}
        flat = [number.setdefault(text, len(number)) for one in labels for pair in one.pairs for text in pair]
        both = np.array(flat, dtype=np.int32).reshape(-1, 2)
        offsets = np.zeros(len(labels) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in labels], out=offsets[1:])
        return cls(list(number), offsets, both[:, 0].copy(), both[:, 1].copy())

    @classmethod
    def of_spans(cls, offsets: NDArray[np.int64], names: Spans, values: Spans, errors: str = "strict") -> LabelColumns:
        """The columns of label sets that still are bytes; `errors` as for `bytes.decode`."""
        name_strings, name_at = names.distinct(errors)
        value_strings, value_at = values.distinct(errors)
        number = {text: i for i, text in enumerate(name_strings)}
        again = np.array([number.setdefault(text, len(number)) for text in value_strings], dtype=np.int32)
        return cls(list(number), offsets, name_at, again[value_at] if again.size else value_at)

    def __len__(self) -> int:
        return self.offsets.size - 1

    def labels(self, row: int) -> Labels:
        """One label set."""
        at = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        names: list[int] = self.names[at].tolist()
        values: list[int] = self.values[at].tolist()
        return Labels((self.strings[n], self.strings[v]) for n, v in zip(names, values, strict=True))

    def rows(self, begin: int, end: int) -> LabelColumns:
        """The label sets [begin, end), over the same strings."""
        a, b = int(self.offsets[begin]), int(self.offsets[end])
        return LabelColumns(self.strings, self.offsets[begin : end + 1] - a, self.names[a:b], self.values[a:b])

    def take(self, rows: NDArray[np.integer]) -> LabelColumns:
        """The label sets at `rows`, over the same strings."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.zeros(rows.size + 1, dtype=np.int64)
        np.cumsum(sizes, out=offsets[1:])
        at = np.repeat(self.offsets[:-1][rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return LabelColumns(self.strings, offsets, self.names[at], self.values[at])

    def codes(self, symbols: Symbols) -> NDArray[np.int64]:
        """The symbols of `strings`, given to them now where they have none."""
        return symbols.intern_all(self.strings).astype(np.int64)
