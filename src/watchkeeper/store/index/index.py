"""The series index: every series of every tenant, in memory, found by label set or by matchers."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.kernels.index_admission import NO_MINUTE, UNKNOWN
from watchkeeper.kernels.index_postings import count_by_pair, keep_overlapping
from watchkeeper.kernels.index_series import fill_frame, groups_present
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.matcher import Matcher
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import cardinality
from watchkeeper.store.index.bounds import metrics_of, refusals
from watchkeeper.store.index.cardinality import Cardinality
from watchkeeper.store.index.labels import LabelColumns
from watchkeeper.store.index.limits import Limits, LimitsOf, Refusals, Refused
from watchkeeper.store.index.pairs import Pairs
from watchkeeper.store.index.postings import Postings
from watchkeeper.store.index.selection import Selector
from watchkeeper.store.index.table import ID_BITS, Table, View, metric_hash

_CHUNK = 16_384
"""Label sets resolved under one hold of the lock, so that others get their turn."""
_TAIL = 4096
_MIN_MS, _MAX_MS = -(1 << 62), 1 << 62


class SeriesIndex:
    """Series by ref: dense ordinals of this process, never given to another series.

    Safe for many threads: writers take `lock`, readers work on snapshots. `generation` grows whenever refs given out
    earlier are dropped.
    """

    def __init__(
        self,
        symbols: Symbols,
        *,
        registry: CollectorRegistry,
        limits_of: LimitsOf = lambda _tenant: Limits(),
        id_bits: int = ID_BITS,
    ) -> None:
        self.symbols = symbols
        self.generation = 0
        self.lock = threading.RLock()
        self._id_bits = id_bits
        self._limits_of = limits_of
        self._refusals = Refusals(registry)
        self._pairs = Pairs(symbols)
        self.table = Table(self._pairs, id_bits)
        self._selector = Selector(symbols, self._pairs)
        self._postings = Postings.build(self.table.view)
        self._building = threading.Lock()
        self._pending: list[NDArray[np.int32]] = []

    def __len__(self) -> int:
        return self.table.living

    # --- writing

    def resolve(self, tenant: str, labels: Sequence[Labels], now_ms: int = 0) -> NDArray[np.int32]:
        """The refs of label sets, shape (n,), registering new ones; −1 where a limit (or no label) refuses it."""
        return self.resolve_columns(tenant, LabelColumns.of(labels), now_ms)

    def resolve_columns(self, tenant: str, columns: LabelColumns, now_ms: int = 0) -> NDArray[np.int32]:
        """As `resolve`, for label sets that are columns already."""
        out = np.empty(len(columns), dtype=np.int32)
        for begin in range(0, len(columns), _CHUNK):
            part = columns.rows(begin, min(begin + _CHUNK, len(columns)))
            with self.lock:
                out[begin : begin + len(part)] = self._resolve(tenant, part, now_ms)
        return out

    def load(
        self,
        tenant: str,
        ids: NDArray[np.uint64],
        columns: LabelColumns,
        *,
        first_ms: NDArray[np.int64] | None = None,
        newest_ms: NDArray[np.int64] | None = None,
        newest_bits: NDArray[np.uint64] | None = None,
    ) -> NDArray[np.int32]:
        """Take over series that the store has already, under their ids; no limit applies. Returns their refs.

        Without `newest_ms` and `newest_bits` the first sample of each is judged as one that may rewrite another.
        """
        out = np.empty(len(columns), dtype=np.int32)
        codes = self.symbols.intern_all(columns.strings).astype(np.int64)
        for begin in range(0, len(columns), _CHUNK):
            at = slice(begin, min(begin + _CHUNK, len(columns)))
            with self.lock:
                out[at] = refs = self._register(tenant, columns.rows(at.start, at.stop), codes)
                self.table.name(refs, ids[at])
                self._set_history(
                    refs,
                    None if first_ms is None else first_ms[at],
                    None if newest_ms is None else newest_ms[at],
                    None if newest_bits is None else newest_bits[at],
                )
        return out

    def take_pending(self) -> NDArray[np.int32]:
        """The new series whose rows are not in the store yet; they are handed out once, then `put_back` on failure."""
        with self.lock:
            taken, self._pending = self._pending, []
        return np.concatenate(taken) if taken else np.zeros(0, dtype=np.int32)

    def put_back(self, refs: NDArray[np.int32]) -> None:
        """Series taken by `take_pending` whose rows could not be written."""
        with self.lock:
            if refs.size:
                self._pending.insert(0, refs)

    def drop(self, refs: NDArray[np.int32]) -> None:
        """Forget series; those dropped already are passed over."""
        with self.lock:
            living = np.unique(refs[self.table.view.alive[refs] != 0])
            if not living.size:
                return
            self._pending = [left for p in self._pending if (left := p[~np.isin(p, living)]).size]
            self.table.drop(living)
            self.generation += 1
        self._rebuild(force=True)

    # --- reading

    def ids(self, refs: NDArray[np.int32]) -> NDArray[np.uint64]:
        """The storage ids of `refs`."""
        return self.table.view.ids[refs]

    def alive(self, refs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say of each ref whether it has not been dropped."""
        return self.table.view.alive[refs] != 0

    def newest(self, refs: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Each series' newest timestamp (ms; `NEVER` without one, `UNKNOWN` after a start) and that value's bits."""
        view = self.table.view
        return view.newest[refs], view.newest_bits[refs]

    def find(
        self, tenant: str, matchers: Sequence[Matcher], start: int | None = None, end: int | None = None
    ) -> NDArray[np.int32]:
        """The refs of a tenant's series that satisfy all matchers, by rising storage id.

        With a range (ms, both ends inclusive), without those that certainly have no sample in it (minutes are coarse).
        """
        postings = self._current()
        return self._find(postings, self.table.view, tenant, matchers, start, end)

    def frame(self, refs: NDArray[np.int32]) -> LabelFrame:
        """The labels of `refs`, row by row."""
        view = self.table.view
        present = np.zeros(view.group_count, dtype=np.uint8)
        groups_present(refs, view.pairs, view.starts, view.pair_key, present)
        groups = np.flatnonzero(present)
        symbols = self._pairs.groups.stored.data[groups] & 0xFFFFFFFF
        distinct, columns = np.unique(symbols, return_inverse=True)
        column = np.zeros(view.group_count, dtype=np.int32)
        column[groups] = columns
        codes = np.zeros((refs.size, distinct.size), dtype=np.int32)
        fill_frame(refs, view.pairs, view.starts, view.pair_key, column, codes)
        strings = self.symbols.strings
        return LabelFrame(self.symbols, tuple(strings[code] for code in distinct.tolist()), codes)

    def series(
        self,
        tenant: str,
        matcher_sets: Sequence[Sequence[Matcher]],
        start: int | None = None,
        end: int | None = None,
        limit: int = 0,
    ) -> LabelFrame:
        """The series that satisfy any of the matcher sets (no set: all), at most `limit` of them where it is not 0."""
        refs = self._find_any(tenant, matcher_sets, start, end)
        return self.frame(refs[:limit] if limit else refs)

    def label_names(
        self,
        tenant: str,
        matcher_sets: Sequence[Sequence[Matcher]] = (),
        start: int | None = None,
        end: int | None = None,
        limit: int = 0,
    ) -> list[str]:
        """The names of the labels that those series have, sorted."""
        refs, view = self._find_any(tenant, matcher_sets, start, end), self.table.view
        present = np.zeros(view.group_count, dtype=np.uint8)
        groups_present(refs, view.pairs, view.starts, view.pair_key, present)
        symbols: list[int] = (self._pairs.groups.stored.data[np.flatnonzero(present)] & 0xFFFFFFFF).tolist()
        names = sorted(self.symbols[code] for code in symbols)
        return names[:limit] if limit else names

    def label_values(
        self,
        tenant: str,
        name: str,
        matcher_sets: Sequence[Sequence[Matcher]] = (),
        start: int | None = None,
        end: int | None = None,
        limit: int = 0,
    ) -> list[str]:
        """The values that a label has among those series, sorted."""
        group = self._pairs.group(tenant, name)
        if group < 0:
            return []
        size = self._pairs.sizes[group]
        members = self._pairs.members[group].data[:size]
        if not matcher_sets and start is None and end is None:
            counts = self._pairs.counts.data[members]
        else:
            refs, view = self._find_any(tenant, matcher_sets, start, end), self.table.view
            counts = np.zeros(self._pairs.sizes[group], dtype=np.int64)
            members = self._pairs.members[group].data[: counts.size]
            count_by_pair(refs, view.pairs, view.starts, view.pair_key, view.pair_local, group, counts)
        codes: list[int] = (self._pairs.keys.stored.data[members[counts > 0]] & 0xFFFFFFFF).tolist()
        values = sorted(self.symbols[code] for code in codes)
        return values[:limit] if limit else values

    def cardinality(self, tenant: str, limit: int = 10) -> Cardinality:
        """A tenant's figures for /api/v1/status/tsdb."""
        metrics, by_label, by_bytes, by_pair, groups = cardinality.count(self._pairs, self.symbols, tenant, limit)
        view, refs = self.table.view, self.find(tenant, ())
        known = refs[view.newest[refs] > UNKNOWN]
        minutes = view.first[known]
        dated = minutes[minutes != NO_MINUTE]
        return Cardinality(
            series=refs.size,
            label_pairs=sum(g.value for g in groups),
            min_time=int(dated.min()) * 60_000 if dated.size else None,
            max_time=int(view.newest[known].max()) if known.size else None,
            series_by_metric=metrics,
            values_by_label=by_label,
            bytes_by_label=by_bytes,
            series_by_pair=by_pair,
        )

    def refusals(self) -> list[Refused]:
        """What limits refused since the start."""
        return self._refusals.all()

    # --- inside

    def _resolve(self, tenant: str, columns: LabelColumns, now_ms: int) -> NDArray[np.int32]:
        lookup = self.symbols.get
        codes = np.array([-1 if (c := lookup(s)) is None else c for s in columns.strings], dtype=np.int64)
        keys = self._pairs.find(tenant, codes[columns.names], codes[columns.values])
        refs = self.table.find(tenant, keys, columns.offsets)
        new = np.flatnonzero((refs < 0) & (np.diff(columns.offsets) > 0))
        if not new.size:
            return refs
        fresh = columns.take(new)
        allowed = self._allowed(tenant, fresh, now_ms)
        if allowed.size < new.size:
            fresh, new = fresh.take(allowed), new[allowed]
        used = np.unique(np.concatenate([fresh.names, fresh.values]))
        codes[used] = [self.symbols.intern(columns.strings[at]) for at in used.tolist()]
        before = self.table.count
        refs[new] = self._register(tenant, fresh, codes)
        if self.table.count > before:
            self._pending.append(np.arange(before, self.table.count, dtype=np.int32))
        return refs

    def _allowed(self, tenant: str, columns: LabelColumns, now_ms: int) -> NDArray[np.intp]:
        """The positions of those new label sets that the tenant's limits admit."""
        limits = self._limits_of(tenant)
        if limits == Limits():
            return np.arange(len(columns))
        used = self.table.by_tenant.get(self._pairs.tenants.get(tenant, -1), 0)
        refused = refusals(columns, limits, used, lambda metric: self._series_of(tenant, metric), metrics_of(columns))
        for refusal in refused:
            self._refusals.note(tenant, refusal.metric, refusal.reason, refusal.explanation, now_ms)
        keep = np.ones(len(columns), dtype=np.bool_)
        keep[[refusal.row for refusal in refused]] = False
        return np.flatnonzero(keep)

    def _series_of(self, tenant: str, metric: str) -> int:
        pair = self._pairs.pair(self._pairs.group(tenant, METRIC_NAME), metric)
        return int(self._pairs.counts.data[pair]) if pair >= 0 else 0

    def _register(self, tenant: str, columns: LabelColumns, codes: NDArray[np.int64]) -> NDArray[np.int32]:
        keys = self._pairs.intern(tenant, codes[columns.names], codes[columns.values])
        metrics = metrics_of(columns)
        distinct, inverse = np.unique(metrics, return_inverse=True)
        names = [columns.strings[at] if at >= 0 else "" for at in distinct.tolist()]
        upper = np.array([metric_hash(name, self._id_bits) for name in names], dtype=np.uint64)
        return self.table.register(tenant, keys, columns.offsets, upper[inverse])

    def _set_history(
        self,
        refs: NDArray[np.int32],
        first_ms: NDArray[np.int64] | None,
        newest_ms: NDArray[np.int64] | None,
        newest_bits: NDArray[np.uint64] | None,
    ) -> None:
        table = self.table
        table.first.data[refs] = NO_MINUTE if first_ms is None else first_ms // 60_000
        known = newest_ms is not None and newest_bits is not None
        table.newest.data[refs] = newest_ms if known else UNKNOWN
        table.newest_bits.data[refs] = newest_bits if known else 0

    def _find_any(
        self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int | None, end: int | None
    ) -> NDArray[np.int32]:
        postings = self._current()
        view = self.table.view
        found = [self._find(postings, view, tenant, m, start, end) for m in (matcher_sets or [()])]
        if len(found) == 1:
            return found[0]
        refs = np.unique(np.concatenate(found))
        return refs[np.argsort(view.ids[refs], kind="stable")]

    def _find(
        self,
        postings: Postings,
        view: View,
        tenant: str,
        matchers: Sequence[Matcher],
        start: int | None,
        end: int | None,
    ) -> NDArray[np.int32]:
        refs = self._selector.find(view, postings, tenant, matchers)
        keep = np.ones(refs.size, dtype=np.uint8)
        low, high = _MIN_MS if start is None else start, _MAX_MS if end is None else end
        keep_overlapping(refs, view.alive, view.first, view.newest, low, high, keep)
        return refs if keep.all() else refs[keep != 0]

    def _current(self) -> Postings:
        """Postings that leave only a short tail of series to be looked at one by one."""
        postings = self._postings
        if self.table.view.count - postings.count > max(_TAIL, postings.count // 8):
            self._rebuild()
        return self._postings

    def _rebuild(self, *, force: bool = False) -> None:
        # One builds; the others read on with the postings that there are.
        if self._building.acquire(blocking=force):
            try:
                self._postings = Postings.build(self.table.view)
            finally:
                self._building.release()
