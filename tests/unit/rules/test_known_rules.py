"""Rules that applications bring along: each loads, fires while its trouble lasts, and resolves after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import SampleBatch
from watchkeeper.rules import AlertingRule, GroupDefaults, RuleGroup, read_rule_files
from watchkeeper.rules.group import RunningGroup

FILES = sorted((Path(__file__).parent / "files").glob("*.yml"))
T0 = 1_763_700_000_000
MINUTE = 60_000


@dataclass(frozen=True)
class Gauge:
    """A series that has one value in trouble and another without."""

    metric: str
    trouble: float
    calm: float
    labels: dict[str, str] = field(default_factory=dict)

    def values(self, troubled: np.ndarray) -> np.ndarray:
        return np.where(troubled, self.trouble, self.calm)


@dataclass(frozen=True)
class Counter(Gauge):
    """A series that grows by so much a minute."""

    def values(self, troubled: np.ndarray) -> np.ndarray:
        return np.cumsum(np.where(troubled, self.trouble, self.calm))


def latency(metric: str, seconds: float) -> list[Gauge]:
    """A classic histogram whose requests take that long in trouble, and next to nothing without."""
    bounds = [0.1, 0.5, 1, 2.5, 5, 10]
    buckets = [
        Counter(f"{metric}_bucket", 60.0 if seconds <= bound else 0.0, 60.0, {"le": str(bound)}) for bound in bounds
    ]
    return [*buckets, Counter(f"{metric}_bucket", 60.0, 60.0, {"le": "+Inf"})]


SIMULATED: dict[str, list[Gauge]] = {
    "HighResponseTime": latency("http_request_duration_seconds", 4),
    "CriticalResponseTime": latency("http_request_duration_seconds", 9),
    "PerformanceDegradation": latency("http_request_duration_seconds", 4),
    "SearchResponseTimeHigh": latency("search_request_duration_seconds", 2),
    "HighMemoryUsage": [Gauge("system_memory_usage_percent", 93, 40)],
    "HighCPUUsage": [Gauge("system_cpu_usage_percent", 99, 10)],
    "LowUserEngagement": [Gauge("user_engagement_score", 5, 80)],
    "NoMeetingsCreated": [Counter("meetings_created_total", 0, 3)],
    "CustomBusinessMetric": [Gauge("business_metric_rate", 140, 20)],
    "CacheUnavailable": [Gauge("up", 0, 1, {"job": "cache"})],
    "DatabaseConnectionPoolExhausted": [
        Gauge("database_connections_active", 99, 12),
        Gauge("database_connections_total", 100, 100),
    ],
    "HighErrorRate": [Counter("http_requests_total", 60, 0, {"status": "503"})],
    "MemoryUsageCritical": [
        Gauge("process_resident_memory_bytes", 95e6, 10e6),
        Gauge("process_virtual_memory_max_bytes", 100e6, 100e6),
    ],
    "CacheHitRateLow": [Gauge("cache_hit_rate", 0.3, 0.97)],
    "RateLimitExceeded": [Counter("rate_limit_exceeded_total", 1200, 0)],
}


def rules() -> Iterator[tuple[RuleGroup, AlertingRule]]:
    for group in read_rule_files(FILES, GroupDefaults()):
        for rule in group.rules:
            assert isinstance(rule, AlertingRule)
            yield group, rule


@pytest.mark.parametrize(("group", "rule"), [pytest.param(g, r, id=f"{g.name}-{r.name}") for g, r in rules()])
async def test_a_rule_fires_in_trouble_and_resolves_after_it(workshop: Any, group: RuleGroup, rule: AlertingRule):
    window_ms = 4 * 3_600_000 if "[4h]" in rule.query else 3_600_000 if "[1h]" in rule.query else 300_000
    calm_end = window_ms + 5 * MINUTE
    trouble_end = calm_end + window_ms + rule.hold_ms + 5 * MINUTE
    minutes = np.arange(0, trouble_end + window_ms + 5 * MINUTE, MINUTE)
    troubled = (minutes >= calm_end) & (minutes < trouble_end)
    for series in SIMULATED[rule.name]:
        labels = Labels({"__name__": series.metric, "instance": "a", **series.labels})
        refs = np.repeat(workshop.store.resolve("default", [labels]), minutes.size)
        await workshop.store.append(SampleBatch("default", refs, T0 + minutes, series.values(troubled)))
    running = RunningGroup(group, workshop.house)
    run = next(run for run in running.rules if run.rule is rule)
    assert await _state(workshop, running, run, calm_end - MINUTE) == "inactive"
    step_ms = max(MINUTE, window_ms // 40)
    first = await _until(workshop, running, run, "pending", range(calm_end, trouble_end, step_ms))
    often_ms = max(30_000, rule.hold_ms // 10)
    fired = await _until(workshop, running, run, "firing", range(first, trouble_end, often_ms))
    assert fired - first >= rule.hold_ms
    alert = workshop.sink.take()[-1]
    assert alert.labels["severity"] == dict(rule.labels)["severity"]
    assert "{{" not in "".join(alert.annotations.values())
    end = int(minutes[-1])
    assert await _state(workshop, running, run, end) == "inactive"
    resolved = [alert for alert in workshop.sink.take() if alert.labels["alertname"] == rule.name]
    assert resolved[-1].is_resolved(T0 + end)


async def _state(workshop: Any, running: RunningGroup, run: Any, at_ms: int) -> str:
    await workshop.evaluate(running, at_ms / 1000)
    status = run.status()
    assert not status.last_error
    return status.state.value


async def _until(workshop: Any, running: RunningGroup, run: Any, state: str, times: range) -> int:
    for at_ms in times:
        if await _state(workshop, running, run, at_ms) == state:
            return at_ms
    raise AssertionError(f"never {state}")
