"""What the rules say of themselves; Prometheus' own names where dashboards look for them, with our prefix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30)


class RuleMetrics:
    """Counters of evaluations, by group (`file;name`) where that matters."""

    def __init__(self, registry: CollectorRegistry) -> None:
        group = ["rule_group"]
        self.evaluations = Counter("watchkeeper_rule_evaluations", "Evaluations of rules.", group, registry=registry)
        self.failures = Counter(
            "watchkeeper_rule_evaluation_failures", "Evaluations of rules that failed.", group, registry=registry
        )
        self.rounds = Counter(
            "watchkeeper_rule_group_iterations", "Rounds of rule groups that were due.", group, registry=registry
        )
        self.missed = Counter(
            "watchkeeper_rule_group_iterations_missed",
            "Rounds of rule groups that were left out because the one before took too long.",
            group,
            registry=registry,
        )
        self.interval_s = Gauge(
            "watchkeeper_rule_group_interval_seconds", "How often a group is due.", group, registry=registry
        )
        self.last_round = Gauge(
            "watchkeeper_rule_group_last_evaluation_timestamp_seconds",
            "When a group was last evaluated.",
            group,
            registry=registry,
        )
        self.last_duration_s = Gauge(
            "watchkeeper_rule_group_last_duration_seconds",
            "How long a group's last round took.",
            group,
            registry=registry,
        )
        self.last_samples = Gauge(
            "watchkeeper_rule_group_last_evaluation_samples",
            "How many samples a group's last round wrote.",
            group,
            registry=registry,
        )
        self.rules = Gauge("watchkeeper_rule_group_rules", "How many rules a group has.", group, registry=registry)
        self.duration_s = Histogram(
            "watchkeeper_rule_round_duration_seconds",
            "How long rounds take, their writing included.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.refused = Counter(
            "watchkeeper_rule_samples_refused", "Results that the store refused.", group, registry=registry
        )

    def forget(self, group: str) -> None:
        """Drop the figures of a group that is gone."""
        labelled = (
            self.evaluations,
            self.failures,
            self.rounds,
            self.missed,
            self.interval_s,
            self.last_round,
            self.last_duration_s,
            self.last_samples,
            self.rules,
            self.refused,
        )
        for metric in labelled:
            _remove(metric, group)


def _remove(metric: Counter | Gauge, group: str) -> None:
    try:
        metric.remove(group)
    except KeyError:
        return
