"""One group commit, start to end: judge, write the new series, write the samples; or leave everything as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.clock import Clock
from watchkeeper.model.histogram import digest
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.store import rows as tables
from watchkeeper.store.activity import Activity, Change
from watchkeeper.store.failure import StoreFailure
from watchkeeper.store.gathered import DAY_MS, Gathered, days
from watchkeeper.store.index import DIGEST, FLOAT, REFUSALS, Admission, NewSeries, Plan, SeriesIndex, Verdict
from watchkeeper.store.metadata import MetadataBook
from watchkeeper.store.native import constant
from watchkeeper.store.policy import EARLIEST_MS, FREE, LATEST_MS, Policy, PolicyOf
from watchkeeper.store.rows import Rows
from watchkeeper.store.sink import Commit, Sink

_EXAMPLES = 3


class Writer:
    """Commits batches; one at a time, on one thread."""

    def __init__(
        self,
        sink: Sink,
        index: SeriesIndex,
        activity: Activity,
        metadata: MetadataBook,
        policy_of: PolicyOf,
        clock: Clock,
    ) -> None:
        self._sink = sink
        self._index = index
        self._activity = activity
        self._metadata = metadata
        self._policy_of = policy_of
        self._clock = clock
        self._admission = Admission(index)

    def write(self, batches: Sequence[SampleBatch]) -> list[AppendOutcome]:
        """Commit the batches together; what became of each. Raises StoreFailure, and then nothing has changed."""
        samples = Gathered.of(batches)
        if not self._index.alive(samples.refs).all():
            raise StoreFailure("series of this batch were dropped meanwhile: resolve them again", retryable=True)
        plan = self._admission.begin()
        pending = self._index.take_pending()
        try:
            verdicts = self._judge(plan, batches, samples)
            written = verdicts <= Verdict.OLDER
            samples = samples if written.all() else samples.take(written)
            commit, change = self._commit(pending, batches, samples)
            self._sink.store(commit)
        except BaseException:
            plan.rollback()
            self._index.put_back(pending)
            raise
        plan.confirm()
        if change is not None:
            self._activity.apply(change)
        for batch in batches:
            if batch.metadata:
                self._metadata.add(batch.tenant, batch.metadata)
        return list(self._outcomes(batches, verdicts))

    def _judge(self, plan: Plan, batches: Sequence[SampleBatch], samples: Gathered) -> NDArray[np.uint8]:
        """The `Verdict` on each sample; batches under one policy are judged in one go."""
        bits, kinds = samples.values.view(np.uint64), np.zeros(0, dtype=np.uint8)
        if samples.histograms:
            bits, kinds = bits.copy(), np.where(samples.histogram_at < 0, FLOAT, DIGEST).astype(np.uint8)
            bits[kinds == DIGEST] = [digest(histogram) for histogram in samples.histograms]
        now_ms, verdicts, begin = self._clock.now_ms(), np.empty(len(samples), dtype=np.uint8), 0
        for policy, those in groupby(batches, self._policy):
            rows = slice(begin, begin + sum(batch.refs.size for batch in those))
            verdicts[rows] = plan.admit(
                samples.refs[rows],
                samples.timestamps[rows],
                bits[rows],
                kinds=kinds[rows],
                window_ms=policy.window_ms,
                latest_ms=LATEST_MS if policy.ahead_ms is None else now_ms + policy.ahead_ms,
            )
            begin = rows.stop
        if begin and int(samples.timestamps.min()) < EARLIEST_MS:
            verdicts[samples.timestamps < EARLIEST_MS] = Verdict.OUT_OF_BOUNDS
        return verdicts

    def _policy(self, batch: SampleBatch) -> Policy:
        return FREE if batch.backfill else self._policy_of(batch.tenant)

    def _commit(
        self, pending: Sequence[NewSeries], batches: Sequence[SampleBatch], samples: Gathered
    ) -> tuple[Commit, Change | None]:
        change = self._activity.change(samples.refs, samples.timestamps, samples.kinds())
        before = [(tables.series_rows(series, self._index.symbols), "") for series in pending]
        if change is not None:
            before.append((self._active(change, samples), ""))
        after = list(self._histograms(samples))
        for batch in batches:
            after += self._exemplars(batch)
            after += self._told(batch)
        return Commit(before, samples, self._index.ids(samples.refs), after), change

    def _active(self, change: Change, samples: Gathered) -> Rows:
        ids = self._index.ids(change.refs)
        return tables.activity_rows(samples.tenants.take(change.at), ids, change.first_ms, change.last_ms, change.kinds)

    def _histograms(self, samples: Gathered) -> Iterator[tuple[Rows, str]]:
        if not samples.histograms:
            return
        mine = samples.take(samples.histogram_at >= 0)
        for day in days(mine.timestamps):
            today = mine.take(day)
            histograms = [today.histograms[at] for at in today.histogram_at.tolist()]
            ids = self._index.ids(today.refs)
            rows = tables.histogram_rows(today.tenants, ids, today.timestamps, today.starts, histograms)
            yield rows, str(today.timestamps[0] // DAY_MS)

    def _exemplars(self, batch: SampleBatch) -> Iterator[tuple[Rows, str]]:
        refs = np.array([e.ref for e in batch.exemplars], dtype=np.int32)
        times = np.array([e.timestamp for e in batch.exemplars], dtype=np.int64)
        values = np.array([e.value for e in batch.exemplars], dtype=np.float64)
        places = np.arange(refs.size)
        for day in days(times):
            at = places[day]
            labels = [batch.exemplars[i].labels for i in at.tolist()]
            tenants = constant(batch.tenant, at.size)
            rows = tables.exemplar_rows(tenants, self._index.ids(refs[at]), times[at], values[at], labels)
            yield rows, str(times[at[0]] // DAY_MS)

    def _told(self, batch: SampleBatch) -> Iterator[tuple[Rows, str]]:
        news = self._metadata.news(batch.tenant, batch.metadata) if batch.metadata else []
        if news:
            yield tables.metadata_rows(batch.tenant, news), ""

    def _outcomes(self, batches: Sequence[SampleBatch], verdicts: NDArray[np.uint8]) -> Iterator[AppendOutcome]:
        smooth = not verdicts.size or int(verdicts.max()) <= Verdict.SAME
        begin = 0
        for batch in batches:
            end = begin + batch.refs.size
            if smooth:
                yield AppendOutcome(batch.refs.size, len(batch.histograms), len(batch.exemplars))
            else:
                yield self._outcome(batch, verdicts[begin:end])
            begin = end

    def _outcome(self, batch: SampleBatch, verdicts: NDArray[np.uint8]) -> AppendOutcome:
        counts: list[int] = np.bincount(verdicts, minlength=len(Verdict)).tolist()
        histograms = sum(verdicts[row] <= Verdict.SAME for row in batch.histograms)
        return AppendOutcome(
            accepted=sum(counts[: Verdict.SAME + 1]),
            accepted_histograms=int(histograms),
            accepted_exemplars=len(batch.exemplars),
            out_of_order=counts[Verdict.OUT_OF_ORDER],
            too_old=counts[Verdict.TOO_OLD] + counts[Verdict.OUT_OF_BOUNDS],
            duplicate_timestamp=counts[Verdict.DUPLICATE],
            reasons=tuple(self._reasons(batch, verdicts)) if sum(counts[Verdict.DUPLICATE :]) else (),
        )

    def _reasons(self, batch: SampleBatch, verdicts: NDArray[np.uint8]) -> Iterator[str]:
        refused = np.flatnonzero(verdicts > Verdict.SAME)[:_EXAMPLES]
        frame = self._index.frame(batch.refs[refused])
        for at, row in enumerate(refused.tolist()):
            labels, time = dict(frame.labels(at)), int(batch.timestamps[row])
            yield f"{REFUSALS[Verdict(int(verdicts[row]))]}: series {labels}, timestamp {time}"
