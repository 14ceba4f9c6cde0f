"""OTLP metrics without a transport: a request in, an outcome out."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.receive.otlp.batch import Translated, accumulate, batch_of
from watchkeeper.receive.otlp.body import BodyLimits, Encoding, encoding_of, protobuf_of, unpack
from watchkeeper.receive.otlp.book import Book
from watchkeeper.receive.otlp.failure import OTLPFailure, TooLarge
from watchkeeper.receive.otlp.metrics import OTLPMetrics
from watchkeeper.receive.otlp.outcome import Exported, Outcome, refusal, success
from watchkeeper.receive.otlp.status import Code
from watchkeeper.receive.otlp.translation import Translation
from watchkeeper.receive.otlp.translator import translate
from watchkeeper.store.failure import StoreBusy, StoreFailure

RETRY_AFTER_S = 5
_LARGE_BYTES = 64 << 10
_MOST_TENANTS = 256


class Sink(Protocol):
    """What the receiver needs of the store."""

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier become invalid."""
        ...

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The refs of label sets, −1 where a limit refuses a new series."""
        ...

    def alive(self, refs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say which of these refs (none of them negative) still stand for a series."""
        ...

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Commit a batch."""
        ...


class OTLP:
    """Takes OTLP metrics for a store; all on one event loop. `translation` may be exchanged at any time."""

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        registry: CollectorRegistry,
        translation: Translation | None = None,
        limits: BodyLimits | None = None,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._translation = translation or Translation()
        self._limits = limits or BodyLimits()
        self._books: OrderedDict[str, Book] = OrderedDict()
        self._translating = threading.Lock()
        self.metrics = OTLPMetrics(registry)

    @property
    def limits(self) -> BodyLimits:
        """How much a request may hold."""
        return self._limits

    def translate_by(self, translation: Translation) -> None:
        """Go on by other rules; delta streams whose names stay the same go on."""
        if translation == self._translation:
            return
        self._translation = translation
        for tenant, book in list(self._books.items()):
            fresh = self._books[tenant] = Book(tenant, self._sink.generation)
            fresh.deltas, fresh.accumulating = book.deltas, book.accumulating

    async def receive(self, body: bytes, headers: Mapping[str, str], tenant: str = DEFAULT_TENANT) -> Outcome:
        """The answer to a request over HTTP; header names are lower-case or ignore case.

        200 once everything that can be taken is committed (what cannot is told as a partial success); 400, 413 or 415
        where nothing is taken; 429 or 503 with Retry-After while the store is busy, full or away.
        """
        encoding = None
        try:
            encoding = encoding_of(headers)
            outcome = success(await self._exported(body, headers, encoding, tenant), encoding)
        except OTLPFailure as failure:
            outcome = refusal(failure, encoding)
        self.metrics.requests.labels("http", str(outcome.status)).inc()
        return outcome

    def too_large(self, text: str, headers: Mapping[str, str]) -> Outcome:
        """The answer to a body that was not even read to its end."""
        self.metrics.requests.labels("http", "413").inc()
        try:
            return refusal(TooLarge(text), encoding_of(headers))
        except OTLPFailure:
            return refusal(TooLarge(text), None)

    async def _exported(self, body: bytes, headers: Mapping[str, str], encoding: Encoding, tenant: str) -> Exported:
        if len(body) < _LARGE_BYTES and not headers.get("content-encoding"):
            request = protobuf_of(unpack(body, headers, self._limits), encoding)
        else:
            request = await asyncio.to_thread(lambda: protobuf_of(unpack(body, headers, self._limits), encoding))
        return await self.export(request, tenant)

    async def export(self, request: bytes, tenant: str = DEFAULT_TENANT) -> Exported:
        """Store an encoded ExportMetricsServiceRequest; what became of it. Raises OTLPFailure."""
        if len(request) > self._limits.unpacked_bytes:
            raise TooLarge(f"the request has {len(request)} bytes, of {self._limits.unpacked_bytes} allowed")
        book = self._book(tenant)
        if len(request) < _LARGE_BYTES and not self._translating.locked():
            translated = self._translate(request, book)
        else:
            translated = await asyncio.to_thread(self._translate, request, book)
        try:
            return await self._store(book, translated)
        except StoreFailure as failure:
            for metric in translated.rows.told:
                metric.told = None
            raise _unavailable(failure) from failure

    async def _store(self, book: Book, translated: Translated) -> Exported:
        if not translated.rows.deltas:
            batch = batch_of(book.tenant, translated)
            return self._outcome(translated, await self._append(batch))
        # Increments are added one request after the other, and kept once they are committed.
        async with book.accumulating:
            staged = book.deltas.stage(self._clock.now_ms())
            late = accumulate(staged, translated.rows)
            appended = await self._append(batch_of(book.tenant, translated, late))
            staged.commit()
        self.metrics.delta_streams.set(sum(len(one.deltas) for one in self._books.values()))
        return self._outcome(translated, appended)

    async def _append(self, batch: SampleBatch) -> AppendOutcome:
        if not batch.refs.size and not batch.metadata and not batch.exemplars:
            return AppendOutcome(0)
        return await self._sink.append(batch)

    def _book(self, tenant: str) -> Book:
        book = self._books.get(tenant)
        if book is None:
            book = self._books[tenant] = Book(tenant, self._sink.generation)
            if len(self._books) > _MOST_TENANTS:
                self._books.popitem(last=False)
        self._books.move_to_end(tenant)
        return book

    def _translate(self, request: bytes, book: Book) -> Translated:
        """The rows and their refs; done at once, since the book may forget its entries between two requests."""
        with self._translating:
            rows = translate(request, book, self._translation, self._limits.samples)
            entries = np.array(rows.entries, dtype=np.int32)
            book.resolve(entries, self._sink)
            exemplars = np.array([entry for entry, *_ in rows.exemplars], dtype=np.int32)
            return Translated(rows, book.refs(entries), book.refs(exemplars))

    def _outcome(self, translated: Translated, appended: AppendOutcome) -> Exported:
        rows, refused = translated.rows, int((translated.refs < 0).sum())
        self.metrics.written.inc(appended.accepted)
        if refused:
            rows.problem(f"the tenant's limits refuse new series: {refused} samples are left out")
        for reason in appended.reasons:
            rows.problem(reason)
        # A refused sample is a data point, or one of the several that a histogram or summary is stored as.
        rejected = min(rows.points, rows.rejected + refused + appended.refused)
        self.metrics.rejected.inc(rejected)
        return Exported(rejected, "; ".join(rows.problems))


def _unavailable(failure: StoreFailure) -> OTLPFailure:
    if not failure.retryable:
        return OTLPFailure(str(failure), 500, Code.INTERNAL)
    status = 429 if isinstance(failure, StoreBusy) else 503
    return OTLPFailure(str(failure), status, Code.UNAVAILABLE, RETRY_AFTER_S)
