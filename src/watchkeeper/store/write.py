"""One group commit, start to end: judge, write the new series, write the samples; or leave everything as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from watchkeeper.base.clock import Clock
from watchkeeper.kernels import mantissa
from watchkeeper.model.histogram import digest
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.store import rows as tables
from watchkeeper.store.activity import Activity, Change
from watchkeeper.store.client import Client
from watchkeeper.store.failure import StoreFailure
from watchkeeper.store.gathered import DAY_MS, Gathered, Judged
from watchkeeper.store.index import DIGEST, REFUSALS, Admission, NewSeries, Plan, SeriesIndex, Verdict
from watchkeeper.store.index.column import Column as Growing
from watchkeeper.store.metadata import MetadataBook
from watchkeeper.store.native import Coded, constant
from watchkeeper.store.policy import EARLIEST_MS, LATEST_MS, PolicyOf
from watchkeeper.store.rows import Rows

_EXAMPLES = 3


class Writer:
    """Commits batches; one at a time, on one thread."""

    def __init__(
        self,
        client: Client,
        index: SeriesIndex,
        activity: Activity,
        metadata: MetadataBook,
        policy_of: PolicyOf,
        clock: Clock,
        run: str,
    ) -> None:
        self._client = client
        self._index = index
        self._activity = activity
        self._metadata = metadata
        self._policy_of = policy_of
        self._clock = clock
        self._admission = Admission(index)
        self._places: Growing[np.int8] = Growing(np.int8)
        self._run = run
        self._commits = 0

    def write(self, batches: Sequence[SampleBatch]) -> list[AppendOutcome]:
        """Commit the batches together; what became of each. Raises StoreFailure, and then nothing has changed.

        (A commit that spans days may be stored in part; its retry writes the same rows over them.)
        """
        for batch in batches:
            if not self._index.alive(batch.refs).all():
                raise StoreFailure("series of this batch were dropped meanwhile: resolve them again", retryable=True)
        plan = self._admission.begin()
        pending = self._index.take_pending()
        try:
            judged = [self._judge(plan, batch) for batch in batches]
            self._store(pending, judged)
        except BaseException:
            plan.rollback()
            self._index.put_back(pending)
            raise
        plan.confirm()
        return [self._outcome(one) for one in judged]

    def _judge(self, plan: Plan, batch: SampleBatch) -> Judged:
        policy = self._policy_of(batch.tenant)
        bits, kinds = batch.values.view(np.uint64), np.zeros(0, dtype=np.uint8)
        if batch.histograms:
            bits, kinds = bits.copy(), np.zeros(bits.size, dtype=np.uint8)
            for row, histogram in batch.histograms.items():
                bits[row], kinds[row] = digest(histogram), DIGEST
        latest = LATEST_MS if policy.ahead_ms is None else self._clock.now_ms() + policy.ahead_ms
        verdicts = plan.admit(
            batch.refs, batch.timestamps, bits, kinds=kinds, window_ms=policy.window_ms, latest_ms=latest
        )
        if batch.timestamps.size and int(batch.timestamps.min()) < EARLIEST_MS:
            verdicts[batch.timestamps < EARLIEST_MS] = Verdict.OUT_OF_BOUNDS
        return Judged(batch, verdicts)

    def _store(self, pending: Sequence[NewSeries], judged: Sequence[Judged]) -> None:
        self._commits += 1
        samples = Gathered.of(judged)
        change = self._activity.change(samples.refs, samples.timestamps, samples.kinds())
        for number, series in enumerate(pending):
            self._insert(tables.series_rows(series, self._index.symbols), str(number))
        if change is not None:
            self._insert(self._active(change, samples), "")
        for day, today in samples.by_day():
            for rows in self._sampled(today):
                self._insert(rows, str(day))
        for number, one in enumerate(judged):
            self._store_exemplars(one.batch, number)
            self._store_metadata(one.batch, number)
        if change is not None:
            self._activity.apply(change)

    def _active(self, change: Change, samples: Gathered) -> Rows:
        tenants = Coded(samples.tenants.keys, samples.tenants.codes[change.at])
        ids = self._index.ids(change.refs)
        return tables.activity_rows(tenants, ids, change.first_ms, change.last_ms, change.kinds)

    def _sampled(self, today: Gathered) -> Iterator[Rows]:
        floats = today.floats()
        if len(floats):
            yield self._floats(floats)
        if len(floats) < len(today):
            yield self._histograms(today.take(today.histogram_at >= 0))

    def _floats(self, samples: Gathered) -> Rows:
        ids = self._index.ids(samples.refs)
        self._places.reserve(int(samples.refs.max()) + 1)
        mantissas = np.empty(ids.size, dtype=np.int64)
        exponents = np.empty(ids.size, dtype=np.int8)
        mantissa.encode(samples.values, samples.refs, self._places.data, mantissas, exponents)
        starts = samples.starts if samples.starts.any() else None
        return tables.sample_rows(samples.tenants, ids, samples.timestamps, mantissas, exponents, starts)

    def _histograms(self, samples: Gathered) -> Rows:
        histograms = [samples.histograms[at] for at in samples.histogram_at.tolist()]
        ids = self._index.ids(samples.refs)
        return tables.histogram_rows(samples.tenants, ids, samples.timestamps, samples.starts, histograms)

    def _store_exemplars(self, batch: SampleBatch, number: int) -> None:
        if not batch.exemplars:
            return
        refs = np.array([e.ref for e in batch.exemplars], dtype=np.int32)
        times = np.array([e.timestamp for e in batch.exemplars], dtype=np.int64)
        for day in np.unique(times // DAY_MS).tolist():
            at = np.flatnonzero(times // DAY_MS == day)
            some = [batch.exemplars[i] for i in at.tolist()]
            values = np.array([e.value for e in some], dtype=np.float64)
            tenants = constant(batch.tenant, at.size)
            labels = [e.labels for e in some]
            self._insert(
                tables.exemplar_rows(tenants, self._index.ids(refs[at]), times[at], values, labels), f"{number}-{day}"
            )

    def _store_metadata(self, batch: SampleBatch, number: int) -> None:
        news = self._metadata.news(batch.tenant, batch.metadata) if batch.metadata else []
        if news:
            self._insert(tables.metadata_rows(batch.tenant, news), str(number))
            self._metadata.add(batch.tenant, news)

    def _insert(self, rows: Rows, label: str) -> None:
        token = f"{self._run}-{self._commits}-{rows.table}-{label}"
        self._client.insert(rows.table, rows.columns, rows.block, token=token)

    def _outcome(self, judged: Judged) -> AppendOutcome:
        batch, verdicts = judged.batch, judged.verdicts
        counts: list[int] = np.bincount(verdicts, minlength=len(Verdict)).tolist()
        histograms = sum(verdicts[row] <= Verdict.SAME for row in batch.histograms)
        return AppendOutcome(
            accepted=sum(counts[: Verdict.SAME + 1]),
            accepted_histograms=int(histograms),
            accepted_exemplars=len(batch.exemplars),
            out_of_order=counts[Verdict.OUT_OF_ORDER],
            too_old=counts[Verdict.TOO_OLD] + counts[Verdict.OUT_OF_BOUNDS],
            duplicate_timestamp=counts[Verdict.DUPLICATE],
            reasons=tuple(self._reasons(judged)) if sum(counts[Verdict.DUPLICATE :]) else (),
        )

    def _reasons(self, judged: Judged) -> Iterator[str]:
        refused = np.flatnonzero(judged.verdicts > Verdict.SAME)[:_EXAMPLES]
        frame = self._index.frame(judged.batch.refs[refused])
        for at, row in enumerate(refused.tolist()):
            labels, time = dict(frame.labels(at)), int(judged.batch.timestamps[row])
            yield f"{REFUSALS[Verdict(int(judged.verdicts[row]))]}: series {labels}, timestamp {time}"
