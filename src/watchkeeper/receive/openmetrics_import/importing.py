"""From a text to the store: all of it is checked, then all of it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import AppendOutcome, Exemplar, SampleBatch
from watchkeeper.receive.exposition import NO_TIMESTAMP, Exposition, ExpositionFailure, TextDecoder
from watchkeeper.receive.openmetrics_import.failure import ImportFailure
from watchkeeper.receive.openmetrics_import.source import Piece, Progress, Source


class Sink(Protocol):
    """The store, as far as importing needs it. `resolve` may be called from any thread."""

    def resolve(self, tenant: str, labels: list[Labels]) -> NDArray[np.int32]:
        """The refs of label sets, shape (n,); −1 where a limit refuses a new series."""
        ...

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Store `batch`; returns after it is committed. Raises StoreFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """What a text holds: samples, series, and the time they span (ms)."""

    samples: int
    series: int
    first_ms: int
    last_ms: int


def check(source: Source, progress: Progress) -> Checked:
    """Read the whole text and store nothing. Raises ImportFailure with the place of the first error."""
    samples, first, last = 0, np.iinfo(np.int64).max, np.iinfo(np.int64).min
    decoder = TextDecoder(openmetrics=True)
    for exposition in _expositions(source, decoder, progress):
        if len(exposition):
            samples += len(exposition)
            first = min(first, int(exposition.timestamps.min()))
            last = max(last, int(exposition.timestamps.max()))
    return Checked(samples, len(decoder.series()), int(first), int(last)) if samples else Checked(0, 0, 0, 0)


async def store(source: Source, sink: Sink, tenant: str, progress: Progress) -> AppendOutcome:
    """Store a text that `check` has found good; what became of its samples. It is decoded on other threads.

    Storing it again changes nothing: exact duplicates are idempotent. Raises StoreFailure and ImportFailure.
    """
    accepted = refused = 0
    reasons: tuple[str, ...] = ()
    batches = _batches(source, sink, tenant, progress)
    while (following := await asyncio.to_thread(next, batches, None)) is not None:
        batch, samples = following
        outcome = await sink.append(batch)
        accepted += outcome.accepted
        refused += outcome.refused + samples - len(batch.refs)
        reasons = reasons or outcome.reasons
    return AppendOutcome(accepted, out_of_order=refused, reasons=reasons)


def _batches(source: Source, sink: Sink, tenant: str, progress: Progress) -> Iterator[tuple[SampleBatch, int]]:
    """What to store of each piece, and how many samples the piece has."""
    decoder = TextDecoder(openmetrics=True)
    refs = np.zeros(0, dtype=np.int32)
    for exposition in _expositions(source, decoder, progress):
        refs = _resolve(sink, tenant, refs, exposition, len(decoder))
        yield _batch(tenant, refs, exposition), len(exposition)


def _resolve(
    sink: Sink, tenant: str, refs: NDArray[np.int32], exposition: Exposition, entries: int
) -> NDArray[np.int32]:
    """The refs of all entries met so far."""
    out = np.full(entries, -1, dtype=np.int32)
    out[: len(refs)] = refs
    if exposition.appeared:
        out[list(exposition.appeared)] = sink.resolve(tenant, list(exposition.appeared.values()))
    return out


def _batch(tenant: str, refs: NDArray[np.int32], exposition: Exposition) -> SampleBatch:
    rows = refs[exposition.entries]
    known = rows >= 0
    times, starts = exposition.timestamps, exposition.starts
    exemplars = [
        Exemplar(int(rows[row]), e.labels, e.value, int(times[row]) if e.timestamp is None else e.timestamp)
        for row, e in exposition.exemplars
        if known[row]
    ]
    return SampleBatch(
        tenant,
        rows[known],
        times[known],
        exposition.values[known],
        None if starts is None else starts[known],
        exemplars=exemplars,
        metadata=exposition.metadata or (),
        backfill=True,
    )


def _expositions(source: Source, decoder: TextDecoder, progress: Progress) -> Iterator[Exposition]:
    for piece in source.pieces(progress):
        yield _decode(source, decoder, piece)


def _decode(source: Source, decoder: TextDecoder, piece: Piece) -> Exposition:
    try:
        exposition = decoder.decode(piece.text)
    except ExpositionFailure as failure:
        _, _, message = str(failure).partition(": ")
        line = failure.line + piece.lines_before
        raise ImportFailure(f"{source.name}:{line}: {message}", line) from failure
    without = np.flatnonzero(exposition.timestamps == NO_TIMESTAMP)
    if len(without):
        labels = dict(decoder.labels(int(exposition.entries[without[0]])))
        raise ImportFailure(
            f"{source.name}: a sample of {labels} has no timestamp: right would be seconds behind its value"
        )
    return exposition
