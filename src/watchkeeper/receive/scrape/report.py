"""The series that each scrape adds of its own: `up` and its kin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.receive.scrape.identity import Identity
from watchkeeper.receive.scrape.series import Rows
from watchkeeper.receive.scrape.storage import Storage

_ALWAYS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
_EXTRA = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")


@dataclass(frozen=True, slots=True)
class Report:
    """How one scrape went. `body_bytes` is −1 where the body was too large, 0 where there was none."""

    healthy: bool
    duration_s: float
    scraped: int
    kept: int
    added: int
    timeout_s: float
    sample_limit: int
    body_bytes: int


class ReportSeries:
    """One target's report series."""

    def __init__(self, identity: Identity, storage: Storage, *, extra: bool) -> None:
        self._names = _ALWAYS + _EXTRA if extra else _ALWAYS
        self._identity = identity
        self._storage = storage
        self._refs: NDArray[np.int32] | None = None
        self._generation = storage.generation

    @property
    def refs(self) -> NDArray[np.int32]:
        """The refs of the series, in the report's order; −1 where a limit refuses one."""
        generation = self._storage.generation
        if self._refs is None or generation != self._generation or (self._refs < 0).any():
            labels = [self._identity.report(name) for name in self._names]
            self._refs = self._storage.resolve(self._identity.config.tenant, labels)
            self._generation = generation
        return self._refs

    def rows(self, report: Report, at: int) -> Rows:
        """The report's rows, at `at` (ms)."""
        values = np.array(
            [
                report.healthy,
                report.duration_s,
                report.scraped,
                report.kept,
                report.added,
                report.timeout_s,
                report.sample_limit,
                report.body_bytes,
            ],
            dtype=np.float64,
        )[: len(self._names)]
        refs = self.refs
        known = refs >= 0
        return Rows(refs[known], np.full(int(known.sum()), at, dtype=np.int64), values[known])
