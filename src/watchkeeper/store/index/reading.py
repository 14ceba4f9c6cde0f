"""What readers ask the index: series by matchers, their labels, names, values and figures."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import NO_MINUTE, UNKNOWN
from watchkeeper.kernels.index_postings import count_by_pair, keep_overlapping
from watchkeeper.kernels.index_series import fill_frame, groups_present
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.matcher import Matcher
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import cardinality
from watchkeeper.store.index.cardinality import Cardinality
from watchkeeper.store.index.pairs import Pairs
from watchkeeper.store.index.postings import Postings
from watchkeeper.store.index.selection import Selector
from watchkeeper.store.index.table import Table, View

MatcherSets = Sequence[Sequence[Matcher]]

_TAIL = 4096
_FEW = 64
_QUICK = 300_000
_MIN_MS, _MAX_MS = -(1 << 62), 1 << 62


class Reading:
    """Answers from snapshots; takes no writer's lock. Times are ms, both ends of a range belong to it."""

    def __init__(self, symbols: Symbols, pairs: Pairs, table: Table) -> None:
        self.symbols = symbols
        self.pairs = pairs
        self.table = table
        self._selector = Selector(symbols, pairs)
        self._postings = Postings.build(table.view)
        self._building = threading.Lock()

    def ids(self, refs: NDArray[np.int32]) -> NDArray[np.uint64]:
        """The storage ids of `refs`."""
        return self.table.view.ids[refs]

    def refs_of(self, ids: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The refs of storage ids, −1 where there is no such series."""
        if self._postings.count < self.table.view.count:
            self.rebuild(force=True)
        postings = self._postings
        known = postings.view.ids[postings.by_rank]
        if not known.size:
            return np.full(ids.size, -1, dtype=np.int32)
        at = np.minimum(np.searchsorted(known, ids), known.size - 1)
        return np.where(known[at] == ids, postings.by_rank[at], np.int32(-1))

    def alive(self, refs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say of each ref whether it has not been dropped."""
        return self.table.view.alive[refs] != 0

    def newest(self, refs: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint8]]:
        """Each series' newest sample: ms (`NEVER`: there is none; `UNKNOWN`), bits, kind (FLOAT, DIGEST, BOUND)."""
        view = self.table.view
        return view.newest[refs], view.newest_bits[refs], view.newest_kind[refs]

    def find(
        self, tenant: str, matchers: Sequence[Matcher], start: int | None = None, end: int | None = None
    ) -> NDArray[np.int32]:
        """The refs of a tenant's series that satisfy all matchers, by rising storage id.

        With a range, without those that certainly have no sample in it (their first sample is known to the minute).
        """
        postings = self._current()
        view = self.table.view
        refs = self._selector.find(view, postings, tenant, matchers)
        keep = np.ones(refs.size, dtype=np.uint8)
        low, high = _MIN_MS if start is None else start, _MAX_MS if end is None else end
        keep_overlapping(refs, view.alive, view.first, view.newest, low, high, keep)
        return refs if keep.all() else refs[keep != 0]

    def find_any(
        self, tenant: str, matcher_sets: MatcherSets, start: int | None = None, end: int | None = None
    ) -> NDArray[np.int32]:
        """The refs of the series that satisfy any of the sets (no set: all series), by rising storage id."""
        found = [self.find(tenant, matchers, start, end) for matchers in (matcher_sets or [()])]
        if len(found) == 1:
            return found[0]
        refs = np.unique(np.concatenate(found))
        return refs[np.argsort(self.ids(refs), kind="stable")]

    def frame(self, refs: NDArray[np.int32]) -> LabelFrame:
        """The labels of `refs`, row by row."""
        # Series that are found together mostly have the same labels: a few tell the columns of all.
        view = self.table.view
        frame = self._frame(view, refs, _groups(view, refs[:_FEW]))
        if frame is None:
            frame = self._frame(view, refs, _groups(view, refs))
        assert frame is not None, "a view's series have only the labels that were counted"
        return frame

    def names(self, tenant: str, refs: NDArray[np.int32] | None = None) -> list[str]:
        """The names of the labels that a tenant's series (or those of `refs`) have, sorted."""
        groups = _groups(self.table.view, self.find(tenant, ()) if refs is None else refs)
        codes: list[int] = (self.pairs.groups.stored.data[groups] & 0xFFFFFFFF).tolist()
        return sorted({self.symbols[code] for code in codes})

    def values(self, tenant: str, name: str, refs: NDArray[np.int32] | None = None) -> list[str]:
        """The values of a label that a tenant's series (or those of `refs`) have, sorted."""
        group = self.pairs.group(tenant, name)
        if group < 0:
            return []
        members = self.pairs.members[group].data[: self.pairs.sizes[group]]
        counts: NDArray[np.integer] = self.pairs.counts.data[members]
        if refs is not None:
            counts, view = np.zeros(members.size, dtype=np.int64), self.table.view
            count_by_pair(refs, view.pairs, view.starts, view.pair_key, view.pair_local, group, counts)
        codes: list[int] = (self.pairs.keys.stored.data[members[counts > 0]] & 0xFFFFFFFF).tolist()
        return sorted(self.symbols[code] for code in codes)

    def cardinality(self, tenant: str, limit: int = 10) -> Cardinality:
        """A tenant's figures for /api/v1/status/tsdb."""
        view, refs = self.table.view, self.find(tenant, ())
        known = refs[view.newest[refs] > UNKNOWN]
        minutes = view.first[known]
        dated = minutes[minutes != NO_MINUTE]
        return cardinality.count(
            self.pairs,
            self.symbols,
            tenant,
            limit,
            series=refs.size,
            min_time=int(dated.min()) * 60_000 if dated.size else None,
            max_time=int(view.newest[known].max()) if known.size else None,
        )

    def rebuild(self, *, force: bool = False) -> None:
        """Make new postings; unless forced, not while another thread is at it (the old ones serve meanwhile)."""
        if self._building.acquire(blocking=force):
            try:
                self._postings = Postings.build(self.table.view)
            finally:
                self._building.release()

    def _frame(self, view: View, refs: NDArray[np.int32], groups: NDArray[np.intp]) -> LabelFrame | None:
        """The frame whose columns are these groups' names, None where a series has others too."""
        symbols = self.pairs.groups.stored.data[groups] & 0xFFFFFFFF
        distinct, columns = np.unique(symbols, return_inverse=True)
        column = np.full(view.group_count, -1, dtype=np.int32)
        column[groups] = columns
        codes = np.zeros((refs.size, distinct.size), dtype=np.int32)
        if not fill_frame(refs, view.pairs, view.starts, view.pair_key, column, codes):
            return None
        strings = self.symbols.strings
        return LabelFrame(self.symbols, tuple(strings[code] for code in distinct.tolist()), codes)

    def _current(self) -> Postings:
        """Postings that leave only a short tail of series to be looked at one by one."""
        postings, count = self._postings, self.table.view.count
        if count - postings.count > max(_TAIL, postings.count // 8) and not self._building.locked():
            if count < _QUICK:
                self.rebuild()
            else:
                # Looking at a long tail for a while takes less than waiting for the postings of millions.
                threading.Thread(target=self.rebuild, name="postings", daemon=True).start()
        return self._postings


def _groups(view: View, refs: NDArray[np.int32]) -> NDArray[np.intp]:
    """The label names that any of `refs` has, as groups."""
    present = np.zeros(view.group_count, dtype=np.uint8)
    groups_present(refs, view.pairs, view.starts, view.pair_key, present)
    return np.flatnonzero(present)
