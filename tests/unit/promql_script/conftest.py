"""Scripts on the real engine over samples in memory; tests/conformance runs them on the real store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql import Engine
from watchkeeper.query.promql.script import Answer, Outcome, Runner, Series, answer_of, read_script, sample_columns

Sample = tuple[int, float, int, Histogram | None]
Run = Callable[[str], list[Outcome]]


class Memory:
    """A source over plain lists of samples, by tenant and series."""

    def __init__(self) -> None:
        self.symbols = Symbols()
        self.tenants: dict[str, dict[Labels, list[Sample]]] = {}

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        return [self.select(selection) for selection in selections]

    def select(self, selection: Selection) -> SeriesBlock:
        found = {
            labels: [sample for sample in samples if selection.start <= sample[0] <= selection.end]
            for labels, samples in self.tenants.get(selection.tenant, {}).items()
            if all(matcher.matches(labels.get(matcher.name, "")) for matcher in selection.matchers)
        }
        found = {labels: samples for labels, samples in found.items() if samples}
        flat = [sample for samples in found.values() for sample in samples]
        histograms = [sample[3] for sample in flat if sample[3] is not None]
        numbers = itertools.count()
        return SeriesBlock(
            LabelFrame.of(self.symbols, found),
            np.cumsum([0, *map(len, found.values())]),
            np.array([sample[0] for sample in flat], dtype=np.int64),
            np.array([sample[1] for sample in flat], dtype=np.float64),
            np.array([sample[2] for sample in flat], dtype=np.int64) if any(sample[2] for sample in flat) else None,
            np.array([-1 if sample[3] is None else next(numbers) for sample in flat], dtype=np.int32)
            if histograms
            else None,
            histograms,
        )


class MemoryBackend:
    def __init__(self) -> None:
        self._memory = Memory()
        self._engine = Engine(self._memory)
        self._numbers = itertools.count()

    def fresh(self) -> str:
        return f"tenant-{next(self._numbers)}"

    def append(self, tenant: str, series: Sequence[Series], step: int) -> None:
        columns = sample_columns(series, step)
        stored = self._memory.tenants.setdefault(tenant, {})
        for i, row in enumerate(columns.row.tolist()):
            start = 0 if columns.starts is None else int(columns.starts[i])
            sample = (int(columns.timestamps[i]), columns.values[i], start, columns.histograms.get(i))
            stored.setdefault(series[row].labels, []).append(sample)

    def instant(self, tenant: str, query: str, at: int) -> Answer:
        return answer_of(self._engine.instant(query, at, tenant=tenant))

    def range(self, tenant: str, query: str, start: int, end: int, step: int) -> Answer:
        return answer_of(self._engine.range(query, start, end, step, tenant=tenant))


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    yield Runner(MemoryBackend())


@pytest.fixture
def run(runner: Runner) -> Run:
    return lambda script: list(runner.run(read_script(script)))
