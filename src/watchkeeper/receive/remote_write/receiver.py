"""`POST /api/v1/write`, without HTTP: a body and headers in, an outcome out."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.samples import STALE_BITS, AppendOutcome, SampleBatch
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.receive.remote_write.body import Body, BodyLimits, unpack
from watchkeeper.receive.remote_write.extras import Extras, decode, told_metadata
from watchkeeper.receive.remote_write.failure import Malformed, RemoteWriteFailure
from watchkeeper.receive.remote_write.known import Known
from watchkeeper.receive.remote_write.messages import messages
from watchkeeper.receive.remote_write.metrics import RemoteWriteMetrics
from watchkeeper.receive.remote_write.outcome import RETRY_AFTER_S, Outcome, Written
from watchkeeper.receive.remote_write.protocol import Message, message_of
from watchkeeper.receive.remote_write.resolution import Resolved, resolve, unresolved
from watchkeeper.receive.remote_write.scanned import Scanned, Unusual
from watchkeeper.store.failure import StoreFailure
from watchkeeper.store.index import LabelColumns

_LARGE_BYTES = 1 << 20
_MANY_NEW = 256
_MOST_TENANTS = 256


class Sink(Protocol):
    """What the receiver needs of the store."""

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier become invalid."""
        ...

    def resolve_columns(self, tenant: str, columns: LabelColumns) -> NDArray[np.int32]:
        """The refs of label sets, −1 where a limit refuses one."""
        ...

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Commit a batch."""
        ...


@dataclass(frozen=True, slots=True)
class _Decoded:
    scanned: Scanned
    resolved: Resolved
    extras: Extras
    batch: SampleBatch
    known: Known
    told: NDArray[np.intp]


class RemoteWrite:
    """Takes remote-write requests of both versions for a store; all on one event loop."""

    def __init__(self, sink: Sink, registry: CollectorRegistry, limits: BodyLimits | None = None) -> None:
        self._sink = sink
        self._limits = limits or BodyLimits()
        self._metrics = RemoteWriteMetrics(registry)
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._scanning = threading.Lock()

    async def receive(self, body: bytes, headers: Mapping[str, str], tenant: str = DEFAULT_TENANT) -> Outcome:
        """Store a request's contents and answer once they are committed; header names are lower-case or ignore case.

        What cannot be taken of a request fails with 400 and leaves the rest stored; a request that is malformed (400),
        too large (413) or of another kind (415) leaves nothing stored; while the store is busy, full or away the answer
        is 503 with Retry-After (senders may give up after a 429).
        """
        message = None
        try:
            message = message_of(headers)
            outcome = await self._receive(body, message, tenant)
        except RemoteWriteFailure as failure:
            outcome = Outcome(failure.status, str(failure), _headers(message, Written()))
        except StoreFailure as failure:
            outcome = _unavailable(failure, message)
        self._metrics.requests.labels(message or "", str(outcome.status)).inc()
        return outcome

    async def _receive(self, packed: bytes, message: Message, tenant: str) -> Outcome:
        # Small requests take less time than handing them to a thread.
        if len(packed) < _LARGE_BYTES and not self._scanning.locked():
            scanned, known = self._scan(packed, message, tenant)
        else:
            scanned, known = await asyncio.to_thread(self._scan, packed, message, tenant)
        rows = unresolved(scanned, known)
        self._metrics.new_series.inc(rows.size)
        if rows.size + scanned.extras.shape[0] <= _MANY_NEW:
            decoded = self._decode(scanned, known, rows, tenant)
        else:
            decoded = await asyncio.to_thread(self._decode, scanned, known, rows, tenant)
        batch = decoded.batch
        if batch.refs.size or batch.exemplars or batch.metadata:
            appended = await self._sink.append(batch)
        else:
            appended = AppendOutcome(0)
        known.told[scanned.known[decoded.told]] = scanned.told[decoded.told, 3].view(np.uint64)
        return self._outcome(message, decoded, appended)

    def _scan(self, packed: bytes, message: Message, tenant: str) -> tuple[Scanned, Known]:
        body = unpack(packed, self._limits)
        with self._scanning:
            known = self._known_of(tenant)
            if message is Message.V2:
                return known.scan_v2(body), known
            try:
                return known.scan_v1(body), known
            except Unusual:
                return known.scan_v1(_rewritten(body)), known

    def _known_of(self, tenant: str) -> Known:
        known = self._known.get(tenant)
        if known is None or known.generation != self._sink.generation or known.full:
            known = self._known[tenant] = Known(self._sink.generation)
            if len(self._known) > _MOST_TENANTS:
                self._known.popitem(last=False)
        self._known.move_to_end(tenant)
        return known

    def _decode(self, scanned: Scanned, known: Known, rows: NDArray[np.intp], tenant: str) -> _Decoded:
        resolved = resolve(scanned, known, rows, lambda columns: self._sink.resolve_columns(tenant, columns))
        extras = decode(scanned, resolved.refs)
        told = _news(scanned, known, resolved.refs)
        extras.metadata += told_metadata(scanned, told)
        return _Decoded(scanned, resolved, extras, _batch(tenant, scanned, resolved.refs, extras), known, told)

    def _outcome(self, message: Message, decoded: _Decoded, appended: AppendOutcome) -> Outcome:
        extras, resolved = decoded.extras, decoded.resolved
        lost = int((resolved.refs[decoded.scanned.owner] < 0).sum())
        stale = sum(value is None for *_, value in extras.histograms)
        histograms = min(appended.accepted_histograms + stale, appended.accepted)
        written = Written(appended.accepted - histograms, histograms, appended.accepted_exemplars)
        counts = {
            "invalid_labels_or_limit": lost,
            "invalid_histogram": extras.invalid,
            "out_of_order": appended.out_of_order,
            "too_old": appended.too_old,
            "duplicate_timestamp": appended.duplicate_timestamp,
        }
        for reason, count in counts.items():
            if count:
                self._metrics.refused.labels(reason).inc(count)
        for kind, count in (("sample", written.samples), ("histogram", histograms), ("exemplar", written.exemplars)):
            if count:
                self._metrics.written.labels(kind).inc(count)
        problems = [*resolved.problems, *extras.problems, *appended.reasons]
        if not problems and not appended.refused:
            return Outcome(204, "", _headers(message, written))
        refused = resolved.invalid + resolved.refused + extras.invalid + appended.refused
        if refused > len(problems):
            problems.append(f"and {refused - len(problems)} more; everything else was stored")
        return Outcome(400, "\n".join(problems), _headers(message, written))


def _rewritten(body: Body) -> Body:
    """The same message with its fields in the usual order."""
    try:
        message = messages().v1["WriteRequest"].FromString(body.part(0, body.size))
    except DecodeError:
        raise Malformed("the body is not the protobuf message that it is said to be") from None
    return Body.of(message.SerializeToString())


def _news(scanned: Scanned, known: Known, refs: NDArray[np.int32]) -> NDArray[np.intp]:
    """The rows of series that tell something of their metric that they did not tell before."""
    if scanned.symbols is None:
        return np.zeros(0, dtype=np.intp)
    key = scanned.told[:, 3].view(np.uint64)
    return np.flatnonzero((key != 0) & (refs >= 0) & (known.told[scanned.known] != key))


def _batch(tenant: str, scanned: Scanned, by_series: NDArray[np.int32], extras: Extras) -> SampleBatch:
    refs, samples = by_series[scanned.owner], scanned.samples
    keep = refs >= 0
    if not keep.all():
        refs, samples = refs[keep], samples[keep]
    times, bits, starts = (samples[:, column].copy() for column in (1, 2, 3))
    histograms: dict[int, Histogram] = {}
    if extras.histograms:
        rows = extras.histograms
        histograms = {refs.size + at: h for at, (*_, h) in enumerate(rows) if h is not None}
        refs = np.concatenate([refs, np.array([row[0] for row in rows], dtype=np.int32)])
        times = np.concatenate([times, np.array([row[1] for row in rows], dtype=np.int64)])
        starts = np.concatenate([starts, np.array([row[2] for row in rows], dtype=np.int64)])
        bits = np.concatenate([bits, np.full(len(rows), STALE_BITS, dtype=np.int64)])
    return SampleBatch(
        tenant=tenant,
        refs=refs,
        timestamps=times,
        values=bits.view(np.float64),
        starts=starts if starts.any() else None,
        histograms=histograms,
        exemplars=extras.exemplars,
        metadata=extras.metadata,
    )


def _headers(message: Message | None, written: Written) -> dict[str, str]:
    return written.headers() if message is Message.V2 else {}


def _unavailable(failure: StoreFailure, message: Message | None) -> Outcome:
    headers = _headers(message, Written())
    if not failure.retryable:
        return Outcome(500, str(failure), headers)
    return Outcome(503, str(failure), {**headers, "Retry-After": str(RETRY_AFTER_S)})
