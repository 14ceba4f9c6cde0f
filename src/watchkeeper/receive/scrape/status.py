"""What the API shows of targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import MetricMetadata


class Health(StrEnum):
    """How the last scrape of a target went."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class ActiveTarget:
    """One target as /api/v1/targets shows it; `last_scrape_ms` is None before the first scrape."""

    discovered_labels: Labels
    labels: Labels
    scrape_pool: str
    scrape_url: str
    last_error: str
    last_scrape_ms: int | None
    last_scrape_duration_s: float
    health: Health
    scrape_interval: str
    scrape_timeout: str


@dataclass(frozen=True, slots=True)
class DroppedTarget:
    """A target that relabelling took away."""

    discovered_labels: Labels
    scrape_pool: str


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets; `dropped_counts` holds them by pool, those that are no longer kept included."""

    active: Sequence[ActiveTarget]
    dropped: Sequence[DroppedTarget]
    dropped_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TargetMetadata:
    """What one target, named by its labels, says of one metric."""

    target: Labels
    metadata: MetricMetadata
