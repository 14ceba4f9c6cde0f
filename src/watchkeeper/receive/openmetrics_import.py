"""Backfill: a file of OpenMetrics text, whatever its age and order, into the store."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.failure import Failure
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import AppendOutcome, Exemplar, SampleBatch
from watchkeeper.receive.exposition import NO_TIMESTAMP, Exposition, ExpositionFailure, TextDecoder

PIECE_BYTES = 4 << 20
"""How much is read, decoded and committed at a time."""
_END = b"# EOF"
_TYPE = b"# TYPE "

Progress = Callable[[int], None]
"""Told how many bytes of the file have been read."""


class ImportFailure(Failure):
    """A file that cannot be imported; nothing of it has been stored, unless the text says so."""


class Sink(Protocol):
    """The store, as far as importing needs it."""

    def resolve(self, tenant: str, labels: list[Labels]) -> NDArray[np.int32]:
        """The refs of label sets, shape (n,); −1 where a limit refuses a new series."""
        ...

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Store `batch`; returns after it is committed. Raises StoreFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds: samples, series, and the time they span (ms)."""

    samples: int
    series: int
    first_ms: int
    last_ms: int


def check(path: Path, progress: Progress) -> Checked:
    """Read the whole file and store nothing. Raises ImportFailure with the place of the first error."""
    samples, first, last = 0, np.iinfo(np.int64).max, np.iinfo(np.int64).min
    decoder = TextDecoder(openmetrics=True)
    for exposition in _expositions(path, decoder, progress):
        if len(exposition):
            samples += len(exposition)
            first = min(first, int(exposition.timestamps.min()))
            last = max(last, int(exposition.timestamps.max()))
    return Checked(samples, len(decoder.series()), int(first), int(last)) if samples else Checked(0, 0, 0, 0)


async def store(path: Path, sink: Sink, tenant: str, progress: Progress) -> AppendOutcome:
    """Store a file that `check` has found good; what became of its samples.

    Storing it again changes nothing: exact duplicates are idempotent. Raises StoreFailure and ImportFailure.
    """
    decoder = TextDecoder(openmetrics=True)
    refs = np.zeros(0, dtype=np.int32)
    accepted = refused = 0
    reasons: tuple[str, ...] = ()
    for exposition in _expositions(path, decoder, progress):
        refs = _resolve(sink, tenant, refs, exposition, len(decoder))
        batch = _batch(tenant, refs, exposition)
        outcome = await sink.append(batch)
        accepted += outcome.accepted
        refused += outcome.refused + len(exposition) - len(batch.refs)
        reasons = reasons or outcome.reasons
    return AppendOutcome(accepted, out_of_order=refused, reasons=reasons)


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
    )


def _expositions(path: Path, decoder: TextDecoder, progress: Progress) -> Iterator[Exposition]:
    """The file, piece by piece. Raises ImportFailure."""
    line, type_comment = 0, b""
    try:
        with path.open("rb") as raw, _unpacked(raw, path) as file:
            for piece, last in _pieces(file, raw, path, progress):
                # A piece needs the type that the one before it set, and an end of its own.
                head = type_comment
                body = head + piece if last else head + piece + _END + b"\n"
                yield _decode(path, decoder, body, line - head.count(b"\n"))
                line += piece.count(b"\n")
                type_comment = _last_type(piece) or type_comment
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailure(f"{path}: {error}") from error


def _decode(path: Path, decoder: TextDecoder, body: bytes, lines_before: int) -> Exposition:
    try:
        exposition = decoder.decode(body)
    except ExpositionFailure as failure:
        _, _, message = str(failure).partition(": ")
        raise ImportFailure(f"{path}:{failure.line + lines_before}: {message}") from failure
    without = np.flatnonzero(exposition.timestamps == NO_TIMESTAMP)
    if len(without):
        labels = dict(decoder.labels(int(exposition.entries[without[0]])))
        raise ImportFailure(f"{path}: a sample of {labels} has no timestamp: right would be seconds behind its value")
    return exposition


def _unpacked(raw: BinaryIO, path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw


def _pieces(file: BinaryIO, raw: BinaryIO, path: Path, progress: Progress) -> Iterator[tuple[bytes, bool]]:
    """Pieces of whole lines and whether each is the last. Raises ImportFailure where that lacks the end marker."""
    rest = b""
    while chunk := file.read(PIECE_BYTES):
        progress(raw.tell())
        rest += chunk
        cut = rest.rfind(b"\n") + 1
        # The last line may be the end marker, which belongs to what stands before it.
        cut = rest.rfind(b"\n", 0, cut - 1) + 1 if cut else 0
        if cut:
            yield rest[:cut], False
            rest = rest[cut:]
    if not _ends(rest):
        raise ImportFailure(f'{path}: the file does not end with "# EOF": right would be that as its last line')
    yield rest, True


def _ends(piece: bytes) -> bool:
    return piece.rstrip(b"\n").endswith(_END) and (piece.startswith(_END) or b"\n" + _END in piece)


def _last_type(piece: bytes) -> bytes:
    """The last TYPE comment of a piece, with its line break."""
    at = len(piece)
    while (at := piece.rfind(_TYPE, 0, at)) >= 0:
        if at == 0 or piece[at - 1 : at] == b"\n":
            return piece[at : piece.index(b"\n", at) + 1]
    return b""
