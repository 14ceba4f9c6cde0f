"""Reads of samples: series from the index, their rows from the engine, one columnar block out of both."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.clock import Clock
from watchkeeper.kernels import mantissa
from watchkeeper.kernels import select as kernels
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Buckets, CounterReset, Histogram
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Exemplar, Selection, SeriesBlock
from watchkeeper.store.activity import Activity, Kind
from watchkeeper.store.client import Client, Lane
from watchkeeper.store.fetched import Fetched
from watchkeeper.store.head import Head, Recent
from watchkeeper.store.index import FLOAT, UNKNOWN, SeriesIndex
from watchkeeper.store.merged import merged
from watchkeeper.store.metrics import StoreMetrics
from watchkeeper.store.native import Block, Coded, Ragged
from watchkeeper.store.policy import EARLIEST_MS, LATEST_MS
from watchkeeper.store.runs import Runs

_FEW = 64
"""So many ids are written out; more travel as one binary text, which the engine's parser passes over quickly."""
_MANY = 10_000
_MOST = 0.5
"""From this share of a metric's series on, all of them are read and the others left out here."""
_READ: dict[str, str | int | float] = {"max_query_size": 64 << 20, "do_not_merge_across_partitions_select_final": 1}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Series of one tenant in a range of time; `refs` and `ids` go together, by rising id where the engine is asked."""

    tenant: str
    refs: NDArray[np.int32]
    ids: NDArray[np.uint64]
    start: int
    end: int
    whole: bool = False
    """Whether reading everything between the first and the last id costs little more."""

    def by_ref(self, index: SeriesIndex) -> Wanted:
        """The same, in the order in which memory holds them."""
        refs = np.sort(self.refs)
        return replace(self, refs=refs, ids=index.ids(refs))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What memory had of the series wanted, and what only the engine has."""

    wanted: Wanted
    recent: Fetched
    missing: Wanted | None

    def with_older(self, older: Fetched) -> Fetched:
        """Both together; of one time memory's sample stays, which was written later."""
        if not self.recent.timestamps.size:
            return older
        return merged(older, self.recent, np.arange(self.wanted.ids.size))


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer's rows, sorted by series and time, in the pieces in which they came.

    Series i of those wanted has the rows begins[i]:ends[i]; `timestamps` is whole.
    """

    pieces: list[Block]
    timestamps: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: list[Block], ids: NDArray[np.uint64]) -> tuple[Rows, int]:
        """The rows, and how many of them repeat a timestamp of their series."""
        begins, ends = np.zeros(ids.size, dtype=np.int64), np.zeros(ids.size, dtype=np.int64)
        timestamps = _joined(pieces, "timestamp")
        base = repeats = 0
        for piece in pieces:
            series = cast("NDArray[np.uint64]", piece.array("series"))
            repeats += kernels.spans(series, base, timestamps, ids, begins, ends)
            base += piece.rows
        return cls(pieces, timestamps, begins, ends), repeats

    def column(self, name: str) -> NDArray[np.int64]:
        """A column of int64, whole."""
        return _joined(self.pieces, name)


def _joined(pieces: list[Block], name: str) -> NDArray[np.int64]:
    parts = [cast("NDArray[np.int64]", piece.array(name)) for piece in pieces]
    # A copy also of a single part: it must not keep the whole answer in memory.
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


class Reader:
    """Answers selections; safe for many threads, each of which waits for the engine."""

    def __init__(
        self,
        client: Client,
        index: SeriesIndex,
        activity: Activity,
        clock: Clock,
        metrics: StoreMetrics,
        head: Head | None = None,
    ) -> None:
        self._client = client
        self._index = index
        self._activity = activity
        self._clock = clock
        self._metrics = metrics
        self._head = head

    def select(self, selection: Selection, lane: Lane = Lane.PEOPLE) -> SeriesBlock:
        """The samples of a selection. Raises StoreFailure."""
        return self.select_many([selection], lane)[0]

    def select_many(self, selections: Sequence[Selection], lane: Lane = Lane.RULES) -> list[SeriesBlock]:
        """As `select` for each, with as few statements as their tenants and ranges allow."""
        blocks: dict[int, SeriesBlock] = {}
        asked: dict[int, _Asked] = {}
        for i, selection in enumerate(selections):
            if selection.newest_only:
                blocks[i] = self.latest(selection, lane)
                continue
            one = self._recall(self._wanted(selection))
            if one.missing is None:
                blocks[i] = self._block(one.wanted, one.recent)
            else:
                asked[i] = one
        places = list(asked)
        missing = [one.missing for one in asked.values() if one.missing is not None]
        for group in _groups(missing):
            fetched = self._fetch(_union([missing[g] for g in group]), lane)
            for g in group:
                part = fetched.part(missing[g].ids, missing[g].start, missing[g].end) if len(group) > 1 else fetched
                one = asked[places[g]]
                blocks[places[g]] = self._block(one.wanted, one.with_older(part))
        return [blocks[i] for i in range(len(selections))]

    def _recall(self, wanted: Wanted, *, any_order: bool = True) -> _Asked:
        """What memory knows of `wanted`, and what must be asked of the engine: always after memory, which is newer.

        Where memory knows it all, the series may come in the order in which it holds them.
        """
        if self._head is None or not wanted.refs.size or wanted.start > wanted.end:
            nothing = np.zeros(wanted.ids.size, dtype=np.int64)
            empty = Fetched(wanted.ids, nothing, nothing, np.zeros(0, dtype=np.int64), np.zeros(0))
            return _Asked(wanted, empty, wanted if wanted.refs.size else None)
        if any_order and self._head.reaches_back(wanted.refs, wanted.start):
            as_held = wanted.by_ref(self._index)
            recent = self._remembered(self._head, as_held)
            if recent.since <= wanted.start:
                self._metrics.from_memory.inc()
                return _Asked(as_held, recent.fetched, None)
        recent = self._remembered(self._head, wanted)
        if recent.since <= wanted.start:
            self._metrics.from_memory.inc()
            return _Asked(wanted, recent.fetched, None)
        return _Asked(wanted, recent.fetched, replace(wanted, end=min(wanted.end, recent.since - 1)))

    def _remembered(self, head: Head, wanted: Wanted) -> Recent:
        histograms = np.flatnonzero(self._activity.kinds(wanted.refs) & Kind.HISTOGRAM).tolist()
        return head.read(wanted.refs, wanted.ids, wanted.start, wanted.end, histograms)

    def latest(self, selection: Selection, lane: Lane = Lane.PEOPLE) -> SeriesBlock:
        """The last sample in [start, end] of each series: what an instant selector with that look-back sees.

        Series whose newest sample of all lies in the range are answered from memory (without start timestamps);
        the others, and histograms, from the engine.
        """
        wanted = self._wanted(selection)
        newest, bits, kinds = self._index.newest(wanted.refs)
        known = (newest > UNKNOWN) & (newest <= wanted.end) & (kinds == FLOAT)
        count = np.where(known & (newest >= wanted.start), 1, 0)
        ends = np.cumsum(count)
        inside = np.flatnonzero(count)
        fetched = Fetched(wanted.ids, ends - count, ends, newest[inside], bits[inside].view(np.float64))
        rest = np.flatnonzero(~known)
        if rest.size:
            others = Wanted(wanted.tenant, wanted.refs[rest], wanted.ids[rest], wanted.start, wanted.end)
            asked = self._recall(others, any_order=False)
            found = asked.recent
            if asked.missing is not None:
                found = asked.with_older(self._fetch(asked.missing, lane))
            fetched = merged(fetched, found.last(), rest)
        return self._block(wanted, fetched)

    def exemplars(
        self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int, end: int
    ) -> tuple[LabelFrame, list[Exemplar]]:
        """The exemplars in [start, end] of the series that satisfy any matcher set, by series and time.

        The `ref` of each is its series' row in the frame; only series with exemplars are in it.
        """
        refs = self._index.find_any(tenant, matcher_sets)
        ids = self._index.ids(refs)
        if not refs.size:
            return self._index.frame(refs), []
        columns = "series, timestamp, labels, value"
        wanted = Wanted(tenant, refs, ids, max(start, EARLIEST_MS), min(end, LATEST_MS))
        pieces = self._ask(wanted, "exemplars_raw FINAL", columns, Lane.PEOPLE)
        series = np.concatenate([np.zeros(0, dtype=np.uint64), *(piece.array("series") for piece in pieces)])
        present, owner = np.unique(np.searchsorted(ids, series), return_inverse=True)
        exemplars: list[Exemplar] = []
        for piece in pieces:
            exemplars += exemplars_of(piece, owner[len(exemplars) : len(exemplars) + piece.rows].tolist())
        return self._index.frame(refs[present]), exemplars

    def _wanted(self, selection: Selection) -> Wanted:
        start, end = max(selection.start, EARLIEST_MS), min(selection.end, LATEST_MS)
        refs = self._index.find(selection.tenant, selection.matchers, start, end)
        metric = [m for m in selection.matchers if m.name == METRIC_NAME and m.op is MatchOp.EQUAL]
        whole = False
        if len(metric) == len(selection.matchers):
            whole = refs.size > _FEW
        elif metric and refs.size >= _MANY:
            # Counting a metric's series takes longer than a list of a few thousand ids does.
            whole = refs.size >= _MOST * self._index.find(selection.tenant, metric).size
        return Wanted(selection.tenant, refs, self._index.ids(refs), start, end, whole)

    def _block(self, wanted: Wanted, fetched: Fetched) -> SeriesBlock:
        self._metrics.selected.inc(float((fetched.ends - fetched.begins).sum()))
        return fetched.block(self._index.frame(wanted.refs[fetched.present()]))

    def _fetch(self, wanted: Wanted, lane: Lane) -> Fetched:
        """The samples of `wanted`, floats and histograms together."""
        if not wanted.refs.size or wanted.start > wanted.end:
            nothing = np.zeros(wanted.ids.size, dtype=np.int64)
            return Fetched(wanted.ids, nothing, nothing, np.zeros(0, dtype=np.int64), np.zeros(0))
        began_s = self._clock.monotonic_s()
        kinds = self._activity.kinds(wanted.refs)
        with_starts = bool((kinds & Kind.START).any())
        floats = self._floats(wanted, lane, with_starts=with_starts)
        histograms = np.flatnonzero(kinds & Kind.HISTOGRAM)
        if histograms.size:
            floats = self._with_histograms(wanted, histograms, floats, lane)
        self._metrics.select_s.observe(self._clock.monotonic_s() - began_s)
        return floats

    def _floats(self, wanted: Wanted, lane: Lane, *, with_starts: bool) -> Fetched:
        columns = "series, timestamp, mantissa, exponent" + (", start" if with_starts else "")
        runs = Runs.of(self._ask(wanted, "samples_raw", columns, lane, ordered=False), wanted.ids)
        if runs is not None:
            starts = runs.column("start") if with_starts else None
            some = starts if starts is not None and starts.any() else None
            begins, ends = runs.offsets[:-1], runs.offsets[1:]
            return Fetched(wanted.ids, begins, ends, runs.column("timestamp"), runs.values(), some)
        rows = self._rows(wanted, "samples_raw", columns, lane)
        values = np.empty(rows.timestamps.size, dtype=np.float64)
        at = 0
        for piece in rows.pieces:
            mantissas = cast("NDArray[np.int64]", piece.array("mantissa"))
            mantissa.decode(mantissas, cast("NDArray[np.int8]", piece.array("exponent")), values[at : at + piece.rows])
            at += piece.rows
        starts = rows.column("start") if with_starts else None
        some_starts = starts if starts is not None and starts.any() else None
        return Fetched(wanted.ids, rows.begins, rows.ends, rows.timestamps, values, some_starts)

    def _rows(self, wanted: Wanted, table: str, columns: str, lane: Lane) -> Rows:
        """The rows of a table, by series and time; timestamps written twice are settled by the engine."""
        rows, repeats = Rows.of(self._ask(wanted, table, columns, lane), wanted.ids)
        if repeats:
            self._metrics.rewritten.inc()
            rows, _ = Rows.of(self._ask(wanted, f"{table} FINAL", columns, lane), wanted.ids)
        return rows

    def _ask(self, wanted: Wanted, table: str, columns: str, lane: Lane, *, ordered: bool = True) -> list[Block]:
        sql = (
            f"SELECT {columns} FROM {table} WHERE tenant = {{tenant:String}} "
            "AND timestamp >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') "
            "AND timestamp <= fromUnixTimestamp64Milli({end:Int64}, 'UTC') "
            f"AND {among('series', wanted.ids, whole=wanted.whole)}"
            + (" ORDER BY series, timestamp" if ordered else "")
        )
        parameters = {"tenant": wanted.tenant, "start": wanted.start, "end": wanted.end}
        return self._client.pieces(sql, parameters, lane=lane, settings=_READ)

    def _with_histograms(self, wanted: Wanted, at: NDArray[np.intp], floats: Fetched, lane: Lane) -> Fetched:
        some = Wanted(wanted.tenant, wanted.refs[at], wanted.ids[at], wanted.start, wanted.end)
        rows = self._rows(some, "histograms_raw", HISTOGRAM_COLUMNS, lane)
        if not rows.pieces:
            return floats
        histograms = [histogram for piece in rows.pieces for histogram in histograms_of(piece)]
        numbers = np.arange(len(histograms), dtype=np.int32)
        nothing, starts = np.zeros(len(histograms)), rows.column("start")
        found = Fetched(some.ids, rows.begins, rows.ends, rows.timestamps, nothing, starts, numbers, histograms)
        return merged(floats, found, at)


HISTOGRAM_COLUMNS = (
    "series, timestamp, start, schema, reset, count, sum, zero_threshold, zero_count, "
    "positive_index, positive_count, negative_index, negative_count, custom_values"
)


def histograms_of(block: Block) -> list[Histogram]:
    """The native histograms of rows of `histograms_raw`."""
    names = ("schema", "reset", "count", "sum", "zero_threshold", "zero_count")
    numbers = zip(*(block.array(name).tolist() for name in names), strict=True)
    positive = _buckets(block.ragged("positive_index"), block.ragged("positive_count"))
    negative = _buckets(block.ragged("negative_index"), block.ragged("negative_count"))
    bounds = _split(block.ragged("custom_values"))
    return [
        Histogram(schema, count, total, threshold, zeros, above, below, tuple(custom.tolist()), CounterReset(reset))
        for (schema, reset, count, total, threshold, zeros), above, below, custom in zip(
            numbers, positive, negative, bounds, strict=True
        )
    ]


def exemplars_of(block: Block, refs: list[int]) -> list[Exemplar]:
    """The exemplars of rows of `exemplars_raw`, with the given refs."""
    labels = block.ragged("labels")
    names, values = cast(Coded, labels.columns[0]), cast("list[str]", labels.columns[1])
    pairs = [(names.keys[code], value) for code, value in zip(names.codes.tolist(), values, strict=True)]
    edges: list[int] = labels.offsets.tolist()
    numbers = zip(block.array("value").tolist(), block.array("timestamp").tolist(), strict=True)
    return [
        Exemplar(ref, Labels(pairs[a:b]), value, at)
        for ref, (a, b), (value, at) in zip(refs, pairwise(edges), numbers, strict=True)
    ]


def _split(column: Ragged) -> list[NDArray[np.generic]]:
    values = cast("NDArray[np.generic]", column.columns[0])
    return [values[a:b] for a, b in zip(column.offsets[:-1].tolist(), column.offsets[1:].tolist(), strict=True)]


def _buckets(index: Ragged, count: Ragged) -> list[Buckets]:
    pairs = zip(_split(index), _split(count), strict=True)
    return [Buckets(cast("NDArray[np.int32]", i), cast("NDArray[np.float64]", c)) for i, c in pairs]


def among(column: str, ids: NDArray[np.uint64], *, whole: bool = False) -> str:
    """The SQL condition that `column` is one of `ids` (rising, not empty); with `whole` only between the ends."""
    within = f"{column} BETWEEN {int(ids[0])} AND {int(ids[-1])}"
    if whole:
        return within
    if ids.size <= _FEW:
        return f"{column} IN ({', '.join(map(str, ids.tolist()))})"
    text = base64.b64encode(ids.astype("<u8").tobytes()).decode()
    return f"{within} AND {column} IN (SELECT arrayJoin(reinterpret(base64Decode('{text}'), 'Array(UInt64)')))"


def _groups(wanted: Sequence[Wanted]) -> list[list[int]]:
    """Which selections are read together: of one tenant, and of ranges that hardly grow by being joined."""
    groups: list[list[int]] = []
    bounds: list[tuple[str, int, int, int]] = []
    for i in sorted(range(len(wanted)), key=lambda i: (wanted[i].tenant, wanted[i].end, wanted[i].start)):
        one = wanted[i]
        if bounds and bounds[-1][0] == one.tenant:
            _, start, end, longest = bounds[-1]
            joined = (one.tenant, min(start, one.start), max(end, one.end), max(longest, one.end - one.start))
            if joined[2] - joined[1] <= 1.25 * joined[3] + 60_000:
                bounds[-1] = joined
                groups[-1].append(i)
                continue
        bounds.append((one.tenant, one.start, one.end, one.end - one.start))
        groups.append([i])
    return groups


def _union(wanted: Sequence[Wanted]) -> Wanted:
    if len(wanted) == 1:
        return wanted[0]
    ids, first = np.unique(np.concatenate([w.ids for w in wanted]), return_index=True)
    refs = np.concatenate([w.refs for w in wanted])[first]
    return Wanted(wanted[0].tenant, refs, ids, min(w.start for w in wanted), max(w.end for w in wanted))
