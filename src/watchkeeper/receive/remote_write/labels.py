"""The label sets of new series: taken out of a body, and checked as Prometheus checks them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.remote_write import count_labels, split_labels
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.receive.remote_write.failure import Malformed
from watchkeeper.receive.remote_write.scanned import Scanned, Symbols
from watchkeeper.store.index import LabelColumns, Spans

EXAMPLES = 3
"""Offenders that an answer names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The valid label sets, in order, the rows in which they stood, and what is wrong with the first others."""

    columns: LabelColumns
    rows: NDArray[np.intp]
    problems: list[str]


def labels_of(scanned: Scanned, rows: NDArray[np.intp]) -> LabelColumns:
    """The label sets of series as they came: unsorted perhaps, bytes that are no UTF-8 as lone surrogates."""
    if scanned.symbols is not None:
        return _of_symbols(scanned, scanned.symbols, rows)
    data, at, length = scanned.body.data, scanned.series[rows, 1], scanned.series[rows, 2]
    offsets = np.zeros(rows.size + 1, dtype=np.int64)
    good = count_labels(data, at, length, offsets)
    starts = np.empty((int(offsets[-1]), 2), dtype=np.int64)
    lengths = np.empty((int(offsets[-1]), 2), dtype=np.int32)
    if not good or not split_labels(data, at, length, starts, lengths):
        raise Malformed("the body is not a protobuf message: a label is cut off")
    names = Spans(data, starts[:, 0].copy(), lengths[:, 0].copy())
    values = Spans(data, starts[:, 1].copy(), lengths[:, 1].copy())
    return LabelColumns.of_spans(offsets, names, values, errors="surrogateescape")


def _of_symbols(scanned: Scanned, symbols: Symbols, rows: NDArray[np.intp]) -> LabelColumns:
    begins, sizes = scanned.series[rows, 1], scanned.series[rows, 2]
    offsets = np.zeros(rows.size + 1, dtype=np.int64)
    np.cumsum(sizes // 2, out=offsets[1:])
    at = np.repeat(begins - 2 * offsets[:-1], sizes) + np.arange(2 * offsets[-1])
    used, codes = np.unique(scanned.pairs[at], return_inverse=True)
    spans = Spans(scanned.body.data, symbols.starts[used], symbols.lengths[used])
    strings, inverse = spans.distinct(errors="surrogateescape")
    both = inverse[codes.reshape(-1, 2)] if codes.size else np.zeros((0, 2), dtype=np.int32)
    return LabelColumns(strings, offsets, both[:, 0].copy(), both[:, 1].copy())


def check(columns: LabelColumns) -> Checked:
    """Sort each label set, leave empty values out, and set aside those that are not valid."""
    columns = _sorted(columns)
    n = len(columns)
    row = np.repeat(np.arange(n), np.diff(columns.offsets))
    empty = np.array([not text for text in columns.strings], dtype=np.bool_)
    wrong = np.array([not _is_text(text) for text in columns.strings], dtype=np.bool_)
    metric = np.array([text == METRIC_NAME for text in columns.strings], dtype=np.bool_)
    again = np.zeros(columns.names.size, dtype=np.bool_)
    again[1:] = (columns.names[1:] == columns.names[:-1]) & (row[1:] == row[:-1])
    filled = ~empty[columns.values]
    named = np.zeros(n, dtype=np.bool_)
    named[row[metric[columns.names] & filled]] = True
    invalid = ~named
    invalid[row[empty[columns.names] | wrong[columns.names] | wrong[columns.values]]] = True
    doubled = np.zeros(n, dtype=np.bool_)
    doubled[row[again]] = True
    first: list[int] = np.flatnonzero(invalid | doubled)[:EXAMPLES].tolist()
    problems = [_problem(columns, i, again if doubled[i] and not invalid[i] else None) for i in first]
    rows = np.flatnonzero(~(invalid | doubled))
    if filled.all():
        return Checked(columns.take(rows) if problems else columns, rows, problems)
    offsets = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(row[filled], minlength=n), out=offsets[1:])
    clean = LabelColumns(columns.strings, offsets, columns.names[filled], columns.values[filled])
    return Checked(clean.take(rows), rows, problems)


def _problem(columns: LabelColumns, row: int, again: NDArray[np.bool_] | None) -> str:
    """What is wrong with a label set, in Prometheus' words; `again` marks the pairs whose name the pair before has."""
    text = text_of(columns, row)
    if again is None:
        return f"invalid metric name or labels, got {text}"
    begin, end = int(columns.offsets[row]), int(columns.offsets[row + 1])
    name = columns.strings[int(columns.names[begin + int(np.argmax(again[begin:end]))])]
    return f"invalid labels for series, labels {text}, duplicated label {name}"


def _sorted(columns: LabelColumns) -> LabelColumns:
    """The same label sets, each sorted by name."""
    order = sorted(range(len(columns.strings)), key=columns.strings.__getitem__)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    row = np.repeat(np.arange(len(columns)), np.diff(columns.offsets))
    key = row * max(len(order), 1) + rank[columns.names]
    if (key[1:] >= key[:-1]).all():
        return columns
    at = np.argsort(key, kind="stable")
    return LabelColumns(columns.strings, columns.offsets, columns.names[at], columns.values[at])


def _is_text(text: str) -> bool:
    """Say whether a string came from valid UTF-8."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def text_of(columns: LabelColumns, row: int) -> str:
    """A label set as Prometheus prints it; bytes that are no UTF-8 as escapes."""
    at = slice(int(columns.offsets[row]), int(columns.offsets[row + 1]))
    names: list[int] = columns.names[at].tolist()
    values: list[int] = columns.values[at].tolist()
    return printed((columns.strings[n], columns.strings[v]) for n, v in zip(names, values, strict=True))


def printed(pairs: Iterable[tuple[str, str]]) -> str:
    """Label pairs as `{name="value", …}`, at most the first thousand characters."""
    inner = ", ".join(f'{name}="{value}"' for name, value in pairs)
    return "{" + inner.encode("utf-8", "backslashreplace").decode()[:1000] + "}"
