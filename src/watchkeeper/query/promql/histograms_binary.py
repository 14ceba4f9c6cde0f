"""Binary operators where at least one side is a native histogram."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.model.histogram import (
    CounterReset,
    Histogram,
    HistogramsIncompatible,
    add,
    compact,
    divide,
    same,
    scale,
    subtract,
    trim,
    with_reset,
)
from watchkeeper.query.promql.ast import BinaryOp
from watchkeeper.query.promql.histograms import NO_NOTES, Note


@dataclass(frozen=True, slots=True)
class Paired:
    """What an operator makes of one pair.

    `value` None and `matched` False: no result. `incompatible_types`: the operator does not know this pair (an info
    that names both sides' types). `incompatible_layout`: exponential against custom buckets (a warning that names the
    operator).
    """

    value: Histogram | None
    matched: bool = True
    notes: frozenset[Note] = NO_NOTES
    incompatible_types: bool = False
    incompatible_layout: bool = False


_NOTHING = Paired(None, matched=False, incompatible_types=True)


def binary(op: BinaryOp, left: Histogram | float, right: Histogram | float) -> Paired:
    """Apply an arithmetic, comparison or trim operator; for comparisons `value` is the left side, `matched` whether
    it holds. Two floats have no place here."""
    if isinstance(left, Histogram):
        return _two(op, left, right) if isinstance(right, Histogram) else _by_float(op, left, right)
    if op is BinaryOp.MUL and isinstance(right, Histogram):
        return Paired(compact(scale(right, left)))
    return _NOTHING


def _by_float(op: BinaryOp, h: Histogram, number: float) -> Paired:
    match op:
        case BinaryOp.MUL:
            return Paired(compact(scale(h, number)))
        case BinaryOp.DIV:
            return Paired(compact(divide(h, number)))
        case BinaryOp.TRIM_UPPER:
            return Paired(trim(h, number, keep_below=True))
        case BinaryOp.TRIM_LOWER:
            return Paired(trim(h, number, keep_below=False))
        case _:
            return _NOTHING


def _two(op: BinaryOp, left: Histogram, right: Histogram) -> Paired:
    match op:
        case BinaryOp.ADD | BinaryOp.SUB:
            return _sum(op, left, right)
        case BinaryOp.EQ:
            return Paired(left, matched=same(left, right))
        case BinaryOp.NE:
            return Paired(left, matched=not same(left, right))
        case _:
            return _NOTHING


def _sum(op: BinaryOp, left: Histogram, right: Histogram) -> Paired:
    adding = op is BinaryOp.ADD
    try:
        combined = add(left, right) if adding else subtract(left, right)
    except HistogramsIncompatible:
        return Paired(None, matched=False, incompatible_layout=True)
    notes: set[Note] = set()
    if combined.conflicting_resets:
        notes.add(Note.CONFLICT_IN_ADDITION if adding else Note.CONFLICT_IN_SUBTRACTION)
    if combined.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_ADDITION if adding else Note.RECONCILED_IN_SUBTRACTION)
    value = combined.histogram if adding else with_reset(combined.histogram, CounterReset.GAUGE)
    return Paired(compact(value), notes=frozenset(notes))
