"""How many series, and how large, a tenant may have; and the list of what was refused."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as MetricCounter

log = logging.getLogger(__name__)

_REMEMBERED = 1000
_LOG_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one tenant; 0 means no bound. Lengths are in bytes of UTF-8."""

    series: int = 0
    series_per_metric: int = 0
    labels_per_series: int = 0
    label_name_length: int = 0
    label_value_length: int = 0


LimitsOf = Callable[[str], Limits]


@dataclass(frozen=True, slots=True)
class Refused:
    """How many label sets of a metric were refused, and the bound that refused them."""

    tenant: str
    metric: str
    reason: str
    count: int


class Refusals:
    """Counts what limits refuse; logs each tenant, metric and reason once a minute at most."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._logged: dict[tuple[str, str, str], int] = {}
        self._metric = MetricCounter(
            "watchkeeper_series_refused_total",
            "Label sets that a limit refused, by tenant and limit.",
            ["tenant", "reason"],
            registry=registry,
        )

    def note(self, tenant: str, metric: str, reason: str, count: int, explanation: str, now_ms: int) -> None:
        """Count so many refused label sets of `metric`; the explanation is the first one's."""
        self._metric.labels(tenant, reason).inc(count)
        key = (tenant, metric, reason)
        if key not in self._counts and len(self._counts) >= _REMEMBERED:
            key = (tenant, "", reason)
        self._counts[key] += count
        last = self._logged.get(key)
        if last is None or now_ms - last >= _LOG_EVERY_MS:
            self._logged[key] = now_ms
            log.warning("tenant %s, metric %s: new series refused: %s", tenant, metric or "(no name)", explanation)

    def all(self) -> list[Refused]:
        """What was refused since the start, the most frequent first; metrics past the first 1000 share the name ''."""
        return [Refused(*key, count) for key, count in self._counts.most_common()]
