"""One round of 1000 rules over 1000 series each: half of them rates, a quarter maxima, a quarter alerts."""

from __future__ import annotations

import time

from benchmarks.data import DataSet, lots
from benchmarks.figures import OURS, PROMETHEUS, Figures, Row, times
from benchmarks.senders import post_all
from benchmarks.servers import EMPTY_CONFIG, available, running

CPU = Row("1000 rules over 1000 series each: CPU of a round", "s", times(1.5), times(1))

INTERVAL_S = 20
ROUNDS = 2
_PATIENCE_S = 120
_GROUPS, _RULES_A_GROUP = 20, 50
_STEP_MS, _SAMPLES = 30_000, 8
_LOADED_WITHIN_S = 60
_COUNTERS = {OURS: "watchkeeper_rule_evaluations_total", PROMETHEUS: "prometheus_rule_evaluations_total"}


def rule(lot: int) -> str:
    """The lot's rule, as YAML."""
    if lot % 4 == 3:
        # The fastest of seventeen paces is about 0.6 a second: some sixty series of each lot fire.
        return (
            f'    - alert: Lot{lot}Fast\n      expr: rate(m{{lot="{lot}"}}[5m]) > 0.6\n      for: 1m\n'
            "      labels: {severity: page}\n      annotations: {summary: '{{ $labels.instance }} is fast'}\n"
        )
    query = f'max by (x) (m{{lot="{lot}"}})' if lot % 4 == 1 else f'sum by (x) (rate(m{{lot="{lot}"}}[5m]))'
    return f"    - record: lot{lot}:m\n      expr: {query}\n"


def rule_file() -> str:
    """Twenty groups of fifty."""
    groups = [
        f"  - name: group{g}\n    interval: {INTERVAL_S}s\n    rules:\n"
        + "".join(rule(g * _RULES_A_GROUP + i) for i in range(_RULES_A_GROUP))
        for g in range(_GROUPS)
    ]
    return "groups:\n" + "".join(groups)


def measure() -> Figures:
    """CPU seconds a round, from the evaluations that really took place in two intervals."""
    data = DataSet("lots", 1_000_000, _SAMPLES, lots, _STEP_MS)
    figures = Figures()
    for name in (name for name in available() if name in _COUNTERS):
        with running(name, EMPTY_CONFIG + "rule_files: [rules.yml]\n", {"rules.yml": rule_file()}) as server:
            end_s = int(time.time()) + _LOADED_WITHIN_S
            post_all(server.write_url, data.bodies(end_s * 1000), 4)
            time.sleep(max(0.0, end_s + INTERVAL_S - time.time()))
            cpu, done = server.cpu_s(), server.counter(_COUNTERS[name])
            rounds, waited_s = 0.0, 0
            while rounds < ROUNDS and waited_s < _PATIENCE_S:
                time.sleep(INTERVAL_S)
                waited_s += INTERVAL_S
                rounds = (server.counter(_COUNTERS[name]) - done) / (_GROUPS * _RULES_A_GROUP)
            if not rounds:
                raise RuntimeError(f"{name}: no rule was evaluated within {waited_s} s")
            figures.put(CPU, name, (server.cpu_s() - cpu) / rounds)
    return figures
