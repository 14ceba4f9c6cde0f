"""From known series to the store's refs; only those never seen go through the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.remote_write import UNRESOLVED
from watchkeeper.receive.remote_write.known import Known
from watchkeeper.receive.remote_write.labels import EXAMPLES, check, labels_of, text_of
from watchkeeper.receive.remote_write.scanned import Scanned
from watchkeeper.store.index import LabelColumns

Resolve = Callable[[LabelColumns], NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Each series' ref (int32, shape (n,)), negative where its labels are invalid or a limit refused it.

    `problems` says why for the first few of the refused, `invalid` and `refused` how many series there were.
    """

    refs: NDArray[np.int32]
    problems: list[str]
    invalid: int = 0
    refused: int = 0


def unresolved(scanned: Scanned, known: Known) -> NDArray[np.intp]:
    """One row of each series that the store must be asked about."""
    rows = np.flatnonzero(known.refs[scanned.known] == UNRESOLVED)
    return rows[np.unique(scanned.known[rows], return_index=True)[1]] if rows.size else rows


def resolve(scanned: Scanned, known: Known, rows: NDArray[np.intp], ask: Resolve) -> Resolved:
    """The refs of all series, after asking about `rows`. Raises Malformed, and whatever the store raises."""
    refs = known.refs[scanned.known]
    if not rows.size:
        return Resolved(refs, [])
    columns = labels_of(scanned, rows)
    checked = check(columns)
    problems = list(checked.problems)
    found = np.full(rows.size, UNRESOLVED, dtype=np.int32)
    given = ask(checked.columns)
    found[checked.rows] = np.where(given >= 0, given, UNRESOLVED)
    over = np.flatnonzero(given < 0)
    named: list[int] = over[: EXAMPLES - len(problems)].tolist()
    problems += [f"the tenant's limits refuse the new series {text_of(checked.columns, at)}" for at in named]
    ordinals = scanned.known[rows]
    known.refs[ordinals] = found
    new = np.flatnonzero(refs == UNRESOLVED)
    refs[new] = found[np.searchsorted(ordinals, scanned.known[new])]
    return Resolved(refs, problems, rows.size - checked.rows.size, over.size)
