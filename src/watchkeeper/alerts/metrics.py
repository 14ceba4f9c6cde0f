"""What this room says of itself; Alertmanager's names, which its dashboards look for, and some of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from watchkeeper.alerts.held import AlertState
from watchkeeper.alerts.silence import SilenceState

Counts = Mapping[AlertState, int] | Mapping[SilenceState, int]


_V2 = "v2"


class AlertsMetrics:
    """Counters and gauges of routing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        received = Counter(
            "alertmanager_alerts_received", "Alerts that arrived.", ["status", "version"], registry=registry
        )
        invalid = Counter("alertmanager_alerts_invalid", "Alerts refused.", ["version"], registry=registry)
        self.limited = Counter(
            "alertmanager_alerts_limited", "Alerts not taken for as many of their name fire.", registry=registry
        )
        self.limit = Gauge(
            "alertmanager_alerts_per_alert_limit", "How many alerts of one name may fire at once.", registry=registry
        )
        self._firing, self._resolved = received.labels("firing", _V2), received.labels("resolved", _V2)
        self._invalid = invalid.labels(_V2)
        self.groups = Gauge("alertmanager_dispatcher_aggregation_groups", "Groups of alerts.", registry=registry)
        self.rules = Gauge("alertmanager_inhibition_rules", "Inhibit rules.", registry=registry)
        self._suppressed = Counter(
            "alertmanager_notifications_suppressed",
            "Alerts that were not told when their group was due, by what held them back.",
            ["reason"],
            registry=registry,
        )
        self.flushes = Counter("watchkeeper_alert_group_flushes", "Groups looked at when due.", registry=registry)
        self.failures = Counter(
            "watchkeeper_alert_group_flush_failures", "Flushes that failed in an unforeseen way.", registry=registry
        )

    def arrived(self, *, firing: int, resolved: int, invalid: int) -> None:
        """Count alerts that arrived; those that were refused are among the firing and the resolved ones."""
        self._firing.inc(firing)
        self._resolved.inc(resolved)
        self._invalid.inc(invalid)

    def suppress(self, reason: str, alerts: int) -> None:
        """Count alerts that are not told."""
        if alerts:
            self._suppressed.labels(reason).inc(alerts)


class States(Collector):
    """How many alerts and silences there are in each state, counted when asked."""

    def __init__(self, alerts: Callable[[], Counts], silences: Callable[[], Counts]) -> None:
        self._alerts = alerts
        self._silences = silences

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The two gauges."""
        yield _gauge("alertmanager_alerts", "Alerts by state.", self._alerts())
        yield _gauge("alertmanager_silences", "Silences by state.", self._silences())


def _gauge(name: str, text: str, counts: Counts) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family
