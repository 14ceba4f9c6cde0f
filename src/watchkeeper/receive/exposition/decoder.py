"""The decoder of both text formats: known lines by the scanner, new ones by the careful readers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import exposition as scanner
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.exposition import openmetrics, text
from watchkeeper.receive.exposition.created import CreatedSeries
from watchkeeper.receive.exposition.exposition import NO_TIMESTAMP, Exposition
from watchkeeper.receive.exposition.failure import ExpositionFailure
from watchkeeper.receive.exposition.families import Families, normalized
from watchkeeper.receive.exposition.line import Comment, EndOfFile, ExemplarText, Line, MetricType, Sample
from watchkeeper.receive.exposition.vocabulary import Vocabulary

_SPARE_ENTRIES = 1000
_SPARE_ROWS = 64


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a scan fills, with more room than rows so far."""

    entries: NDArray[np.int32]
    values: NDArray[np.float64]
    times: NDArray[np.int64]
    tails: NDArray[np.int64]
    marks: NDArray[np.uint8]

    @classmethod
    def of(cls, rows: int) -> Columns:
        """Columns of `rows` rows."""
        return cls(
            np.empty(rows, dtype=np.int32),
            np.empty(rows, dtype=np.float64),
            np.empty(rows, dtype=np.int64),
            np.empty(rows, dtype=np.int64),
            np.empty(rows, dtype=np.uint8),
        )

    def enlarged(self) -> Columns:
        """The same with twice the room."""
        size = 2 * self.entries.shape[0]
        return Columns(
            np.resize(self.entries, size),
            np.resize(self.values, size),
            np.resize(self.times, size),
            np.resize(self.tails, size),
            np.resize(self.marks, size),
        )


def warm_up() -> None:
    """Compile the scanner, or load it from its cache, before the first body is waiting for it."""
    decoder = TextDecoder(openmetrics=False)
    for _ in range(2):
        decoder.decode(b"# TYPE a counter\na 1\n")


@dataclass(slots=True)
class _Scan:
    """One body on its way through the decoder."""

    body: bytes
    columns: Columns
    state: NDArray[np.int64]
    appeared: dict[int, Labels] = field(default_factory=dict[int, Labels])
    exemplars: list[tuple[int, ExemplarText]] = field(default_factory=list[tuple[int, ExemplarText]])
    careful: int = 0
    ended: bool = False


class TextDecoder:
    """Decodes the text format, or OpenMetrics, for one target.

    `type_and_unit_labels` adds `__type__` and `__unit__` to each series that the metadata before it describes.
    """

    def __init__(self, *, openmetrics: bool, type_and_unit_labels: bool = False) -> None:
        self._openmetrics = openmetrics
        self._vocabulary = Vocabulary()
        self._families = Families()
        self._created = CreatedSeries() if openmetrics else None
        self._type_and_unit_labels = type_and_unit_labels
        self._iteration = 0
        self._last_rows = 0

    def __len__(self) -> int:
        return len(self._vocabulary)

    def decode(self, body: bytes) -> Exposition:
        """The columns of `body`. Raises ExpositionFailure."""
        self._iteration += 1
        state = np.zeros(scanner.STATE_CELLS, dtype=np.int64)
        state[scanner.PREVIOUS], state[scanner.ITERATION] = -1, self._iteration
        scan = _Scan(body, Columns.of(self._last_rows + _SPARE_ROWS), state)
        while not scan.ended and not self._scan_known(scan):
            if state[scanner.ROW] == scan.columns.entries.shape[0]:
                scan.columns = scan.columns.enlarged()
            else:
                self._read_carefully(scan)
        if self._openmetrics and not scan.ended:
            raise openmetrics.missing_end(body)
        self._last_rows = int(state[scanner.ROW])
        return self._exposition(scan)

    def series(self) -> list[int]:
        """The entries that are series."""
        return np.flatnonzero(self._vocabulary.kinds[: len(self._vocabulary)] == scanner.SERIES).tolist()

    def labels(self, entry: int) -> Labels:
        """The labels of a series met earlier."""
        key = self._vocabulary.key(entry) + b" 0\n"
        line = self._read_line(key, 0)
        if not isinstance(line, Sample):
            raise ExpositionFailure(f"entry {entry} is no series")
        return self._labels(line, MetricType(int(self._vocabulary.types[entry])), entry)

    def tidy(self) -> NDArray[np.int64] | None:
        """Forget the entries that the last body did not have, once they are more than those it had."""
        vocabulary = self._vocabulary
        seen = vocabulary.seen[: len(vocabulary)] == self._iteration
        present = int(np.count_nonzero(seen))
        if len(vocabulary) <= 2 * present + _SPARE_ENTRIES:
            return None
        kept = np.flatnonzero(seen).astype(np.int64)
        vocabulary.keep(kept)
        self._families.keep(kept)
        if self._created is not None:
            self._created.keep(kept)
        return kept

    def _read_line(self, body: bytes, at: int) -> Line:
        return openmetrics.read_line(body, at) if self._openmetrics else text.read_line(body, at)

    def _scan_known(self, scan: _Scan) -> bool:
        v, columns = self._vocabulary, scan.columns
        return scanner.scan(
            np.frombuffer(scan.body, dtype=np.uint8),
            self._openmetrics,
            scan.state,
            v.keys,
            v.starts,
            v.hashes,
            v.kinds,
            v.successors,
            v.seen,
            v.table,
            columns.entries,
            columns.values,
            columns.times,
            columns.tails,
            columns.marks,
        )

    def _read_carefully(self, scan: _Scan) -> None:
        """Read the one line at which the scan stopped, and remember it."""
        at = int(scan.state[scanner.AT])
        scan.careful += 1
        line = self._read_line(scan.body, at)
        scan.state[scanner.AT] = line.following
        if isinstance(line, Sample):
            self._take_sample(scan, line)
        elif isinstance(line, Comment):
            self._take_comment(scan, line)
        elif isinstance(line, EndOfFile):
            scan.ended = True

    def _take_sample(self, scan: _Scan, line: Sample) -> None:
        key = scan.body[line.start : line.end]
        entry = self._vocabulary.find(key)
        row, columns = int(scan.state[scanner.ROW]), scan.columns
        if entry < 0:
            entry = self._add_series(scan, line, key)
        columns.entries[row], columns.values[row] = entry, line.value
        columns.times[row] = NO_TIMESTAMP if line.timestamp is None else line.timestamp
        columns.tails[row], columns.marks[row] = 0, scanner.PLAIN
        if self._vocabulary.seen[entry] == self._iteration and line.timestamp is None:
            columns.marks[row] = scanner.DUPLICATE
            scan.state[scanner.DUPLICATES] += 1
        if line.exemplar is not None:
            scan.exemplars.append((row, line.exemplar))
        scan.state[scanner.ROW] = row + 1
        self._follow(scan, entry)

    def _add_series(self, scan: _Scan, line: Sample, key: bytes) -> int:
        type_ = MetricType(int(scan.state[scanner.TYPE]))
        entry = len(self._vocabulary)
        if self._type_and_unit_labels:
            self._families.describe(entry, line.series.name)
        try:
            labels = self._labels(line, type_, entry)
        except ValueError as error:
            number = scan.body.count(b"\n", 0, line.start) + 1
            raise ExpositionFailure(f"{error} (in {key.decode(errors='backslashreplace')})", line=number) from None
        self._vocabulary.add(key, scanner.SERIES, type_)
        if self._created is not None:
            self._created.add(entry, labels, type_)
        scan.appeared[entry] = labels
        return entry

    def _labels(self, line: Sample, type_: MetricType, entry: int) -> Labels:
        labels = line.series.labels()
        labels = normalized(labels, type_)
        if self._type_and_unit_labels:
            extra = self._families.description(entry)
            return labels.with_(extra) if extra else labels
        return labels

    def _take_comment(self, scan: _Scan, line: Comment) -> None:
        key = scan.body[line.start : line.end]
        entry = self._vocabulary.find(key)
        if entry < 0:
            kind = scanner.TYPE_COMMENT + line.type if line.type is not MetricType.NONE else scanner.COMMENT
            entry = self._vocabulary.add(key, kind, MetricType.NONE)
        if line.field is not None:
            self._families.remember(entry, line)
        if line.type is not MetricType.NONE:
            scan.state[scanner.TYPE] = line.type
        scan.state[scanner.STRANGE] += 1
        self._follow(scan, entry)

    def _follow(self, scan: _Scan, entry: int) -> None:
        previous = int(scan.state[scanner.PREVIOUS])
        if previous >= 0:
            self._vocabulary.successors[previous] = entry
        scan.state[scanner.PREVIOUS] = entry
        self._vocabulary.seen[entry] = self._iteration

    def _exposition(self, scan: _Scan) -> Exposition:
        rows = int(scan.state[scanner.ROW])
        columns = scan.columns
        entries, marks = columns.entries[:rows], columns.marks[:rows]
        for row in np.flatnonzero(marks & scanner.EXEMPLAR).tolist():
            scan.exemplars.append((row, self._exemplar(scan, row)))
        starts = self._created.starts(entries, columns.values[:rows]) if self._created is not None else None
        return Exposition(
            entries,
            columns.values[:rows],
            columns.times[:rows],
            (marks & scanner.DUPLICATE) != 0,
            starts=starts,
            exemplars=scan.exemplars,
            appeared=scan.appeared,
            metadata=self._metadata() if scan.state[scanner.STRANGE] else None,
            careful=scan.careful + len(scan.exemplars),
        )

    def _exemplar(self, scan: _Scan, row: int) -> ExemplarText:
        at = int(scan.columns.tails[row])
        line_start = scan.body.rfind(b"\n", 0, at) + 1
        exemplar, end = openmetrics.read_exemplar(scan.body, at, line_start)
        if scan.body[end : end + 1] != b"\n":
            line = scan.body.count(b"\n", 0, at) + 1
            raise ExpositionFailure("something follows the exemplar: right would be the line's end", line=line)
        return exemplar

    def _metadata(self) -> list[MetricMetadata]:
        vocabulary = self._vocabulary
        size = len(vocabulary)
        present = (vocabulary.seen[:size] == self._iteration) & (vocabulary.kinds[:size] != scanner.SERIES)
        return self._families.metadata(np.flatnonzero(present).tolist())
