"""The series index: every series of every tenant, in memory, found by label set or by matchers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.kernels.index_admission import NO_MINUTE, UNKNOWN
from watchkeeper.kernels.index_series import unroll
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index.bounds import metrics_of, refusals, values_of
from watchkeeper.store.index.labels import LabelColumns
from watchkeeper.store.index.limits import Limits, LimitsOf, Refusals, Refused
from watchkeeper.store.index.pairs import Pairs
from watchkeeper.store.index.reading import Reading
from watchkeeper.store.index.table import ID_BITS, Table, metric_hash

_CHUNK = 16_384
"""Label sets resolved under one hold of the lock, so that others get their turn."""


@dataclass(frozen=True, slots=True)
class NewSeries:
    """n series of one tenant whose rows the store does not have yet.

    `refs` int32 and `ids` uint64 have shape (n,); series i has the pairs offsets[i]:offsets[i + 1] (int64) of `names`
    and `values`, int32 symbols, sorted by name.
    """

    tenant: str
    refs: NDArray[np.int32]
    ids: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    names: NDArray[np.int32]
    values: NDArray[np.int32]


class SeriesIndex(Reading):
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
        pairs = Pairs(symbols)
        super().__init__(symbols, pairs, Table(pairs, id_bits))
        self.generation = 0
        self.lock = threading.RLock()
        self._id_bits = id_bits
        self._limits_of = limits_of
        self._refusals = Refusals(registry)
        self._pending: list[NewSeries] = []

    def __len__(self) -> int:
        return self.table.living

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
        offsets: NDArray[np.int64],
        names: NDArray[np.int32],
        values: NDArray[np.int32],
    ) -> NDArray[np.int32]:
        """Take over series that the store has already, under their ids; no limit applies. Returns their refs.

        `names` and `values` are symbols, a series' pairs offsets[i]:offsets[i + 1] sorted by name. Until `recall` tells
        their newest samples, the first sample of each is judged as one that may rewrite another.
        """
        out = np.empty(ids.size, dtype=np.int32)
        for begin in range(0, ids.size, _CHUNK):
            end = min(begin + _CHUNK, ids.size)
            a, b = int(offsets[begin]), int(offsets[end])
            with self.lock:
                before = self.table.count
                refs = self._register(tenant, offsets[begin : end + 1] - a, names[a:b], values[a:b])
                out[begin:end] = refs
                self.table.name(refs, ids[begin:end])
                new = refs[refs >= before]
                self.table.newest.data[new] = UNKNOWN
                self.table.first.data[new] = NO_MINUTE
        return out

    def recall(
        self,
        refs: NDArray[np.int32],
        newest_ms: NDArray[np.int64],
        newest_bits: NDArray[np.uint64],
        first_ms: NDArray[np.int64] | None = None,
        kinds: NDArray[np.uint8] | None = None,
    ) -> None:
        """Tell the newest sample of distinct series (and the time of their first, where it is known).

        Where `kinds` is BOUND the time is one that no sample lies beyond: samples up to it may rewrite others and are
        never refused.
        """
        table = self.table
        with self.lock:
            table.newest.data[refs] = newest_ms
            table.newest_bits.data[refs] = newest_bits
            table.newest_kind.data[refs] = 0 if kinds is None else kinds
            table.first.data[refs] = NO_MINUTE if first_ms is None else first_ms // 60_000

    def take_pending(self) -> list[NewSeries]:
        """The new series, a tenant each; they are handed out once, and come again only by `put_back`."""
        with self.lock:
            taken, self._pending = self._pending, []
        return _joined(taken)

    def put_back(self, series: Sequence[NewSeries]) -> None:
        """Series taken by `take_pending` whose rows could not be written."""
        with self.lock:
            self._pending = [*series, *self._pending]

    def drop(self, refs: NDArray[np.int32]) -> None:
        """Forget series; those dropped already are passed over."""
        with self.lock:
            living = np.unique(refs[self.table.view.alive[refs] != 0])
            if not living.size:
                return
            self.table.drop(living)
            self._pending = [self._living(part) for part in self._pending]
            self.generation += 1
        self.rebuild(force=True)

    def refusals(self) -> list[Refused]:
        """What limits refused since the start."""
        return self._refusals.all()

    def _resolve(self, tenant: str, columns: LabelColumns, now_ms: int) -> NDArray[np.int32]:
        lookup = self.symbols.get
        codes = np.array([-1 if (c := lookup(s)) is None else c for s in columns.strings], dtype=np.int64)
        keys = self.pairs.find(tenant, codes[columns.names], codes[columns.values])
        refs = self.table.find(tenant, keys, columns.offsets)
        new = np.flatnonzero((refs < 0) & (np.diff(columns.offsets) > 0))
        if not new.size:
            return refs
        fresh = columns.take(new)
        allowed = self._allowed(tenant, fresh, now_ms)
        if allowed.size < new.size:
            fresh, new = fresh.take(allowed), new[allowed]
        # Only what is admitted becomes a symbol: those never go away again.
        used: list[int] = np.unique(np.concatenate([fresh.names, fresh.values])).tolist()
        codes[used] = [self.symbols.intern(columns.strings[at]) for at in used]
        before = self.table.count
        refs[new] = self._register(tenant, fresh.offsets, codes[fresh.names], codes[fresh.values])
        if self.table.count > before:
            self._pending.append(self._unrolled(tenant, np.arange(before, self.table.count, dtype=np.int32)))
        return refs

    def _allowed(self, tenant: str, columns: LabelColumns, now_ms: int) -> NDArray[np.intp]:
        """The positions of those new label sets that the tenant's limits admit."""
        limits = self._limits_of(tenant)
        if limits == Limits():
            return np.arange(len(columns))
        used = self.table.by_tenant.get(self.pairs.tenants.get(tenant, -1), 0)
        refused = refusals(columns, limits, used, lambda metric: self._series_of(tenant, metric), metrics_of(columns))
        counts = Counter((refusal.metric, refusal.reason) for refusal in refused)
        for one in {(refusal.metric, refusal.reason): refusal for refusal in reversed(refused)}.values():
            count = counts[one.metric, one.reason]
            self._refusals.note(tenant, one.metric, one.reason, count, one.explanation, now_ms)
        keep = np.ones(len(columns), dtype=np.bool_)
        keep[[refusal.row for refusal in refused]] = False
        return np.flatnonzero(keep)

    def _series_of(self, tenant: str, metric: str) -> int:
        pair = self.pairs.pair(self.pairs.group(tenant, METRIC_NAME), metric)
        return int(self.pairs.counts.data[pair]) if pair >= 0 else 0

    def _register(
        self, tenant: str, offsets: NDArray[np.int64], names: NDArray[np.integer], values: NDArray[np.integer]
    ) -> NDArray[np.int32]:
        """The refs of label sets given as symbols, made now where they are new."""
        name_codes, value_codes = names.astype(np.int64), values.astype(np.int64)
        keys = self.pairs.intern(tenant, name_codes, value_codes)
        metric = self.symbols.get(METRIC_NAME)
        metrics = values_of(offsets, name_codes, value_codes, -1 if metric is None else metric)
        distinct, inverse = np.unique(metrics, return_inverse=True)
        texts = [self.symbols[code] if code >= 0 else "" for code in distinct.tolist()]
        upper = np.array([metric_hash(text, self._id_bits) for text in texts], dtype=np.uint64)
        return self.table.register(tenant, keys, offsets, upper[inverse])

    def _unrolled(self, tenant: str, refs: NDArray[np.int32]) -> NewSeries:
        view = self.table.view
        offsets = np.zeros(refs.size + 1, dtype=np.int64)
        np.cumsum(view.starts[refs + 1] - view.starts[refs], out=offsets[1:])
        names, values = np.empty(offsets[-1], dtype=np.int32), np.empty(offsets[-1], dtype=np.int32)
        unroll(refs, view.pairs, view.starts, view.pair_key, self.pairs.groups.stored.data, names, values)
        return NewSeries(tenant, refs, view.ids[refs], offsets, names, values)

    def _living(self, series: NewSeries) -> NewSeries:
        return self._unrolled(series.tenant, series.refs[self.alive(series.refs)])


def _joined(parts: Sequence[NewSeries]) -> list[NewSeries]:
    """The parts, those of a tenant put together."""
    tenants: dict[str, list[NewSeries]] = {}
    for part in parts:
        if part.refs.size:
            tenants.setdefault(part.tenant, []).append(part)
    out: list[NewSeries] = []
    for tenant, some in tenants.items():
        sizes = np.concatenate([np.diff(part.offsets) for part in some])
        offsets = np.zeros(sizes.size + 1, dtype=np.int64)
        np.cumsum(sizes, out=offsets[1:])
        out.append(
            NewSeries(
                tenant,
                np.concatenate([part.refs for part in some]),
                np.concatenate([part.ids for part in some]),
                offsets,
                np.concatenate([part.names for part in some]),
                np.concatenate([part.values for part in some]),
            )
        )
    return out
