"""Our relabelling beside the real Prometheus', which shows what became of each target."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.model.relabel import Action, RelabelFailure, RelabelRule, apply

sys.path.insert(0, str(Path(__file__).parent))

from prometheus_server import PROMETHEUS, get, prometheus

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PROMETHEUS).exists(), reason="prometheus is missing: `make peers` unpacks it"),
]

CASES = 400
VALUES = ["a", "web-1", "foo;bar", "FooBar", "straße É", "10.0.0.1:80", "x\ny", "$1", "a b", "0"]
NAMES = ["env", "role", "tmp_a", "b", "a_b_c"]
REGEXES = [
    "(.*)",
    "",
    "(a|web)(-\\d)?",
    "(?P<first>[^;]*);(.*)",
    ".*",
    "(?i)foo.*",
    "tmp_(.+)",
    "[a-z_]+",
    "(.)(.)?(.)?",
    "b|env",
    "a|b$",
]
REPLACEMENTS = ["$1", "${1}", "x", "", "$2-$1", "${first}", "$first_", "$$1"]
REPLACEMENTS += ["${1}x$", "$10", "$01", "a${", "$-", "${9}"]
TARGETS = ["out", "env", "tmp_${1}", "$1", "é", "a-b"]


def test_targets_are_rewritten_alike(tmp_path):
    rng = random.Random(20261121)
    cases = [_case(rng) for _ in range(CASES)]
    jobs = [_job(i, labels, rules) for i, (labels, rules) in enumerate(cases)]
    with prometheus(tmp_path, {"scrape_configs": jobs}) as url:
        for _ in range(100):
            targets = get(f"{url}/api/v1/targets")
            if len(targets["activeTargets"]) + len(targets["droppedTargets"]) >= CASES:
                break
            time.sleep(0.1)
    theirs = {target["scrapePool"]: Labels(target["labels"]) for target in targets["activeTargets"]}
    assert 0 < len(theirs) < CASES
    for i, (labels, rules) in enumerate(cases):
        assert _ours(i, labels, rules) == theirs.get(f"job{i}"), (labels, rules)


def _ours(i: int, labels: dict[str, str], rules: list[dict[str, Any]]) -> Labels | None:
    start = {
        "__address__": "h:1",
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "__scrape_interval__": "1h",
        "__scrape_timeout__": "10s",
        "job": f"job{i}",
    }
    result = apply([_rule(rule) for rule in rules], Labels(start | labels))
    if result is None or "__address__" not in result:
        return None
    shown = Labels((name, value) for name, value in result.items() if not name.startswith("__"))
    return shown if "instance" in shown else shown.with_({"instance": result["__address__"]})


def _rule(rule: dict[str, Any]) -> RelabelRule:
    given = dict(rule)
    given["source_labels"] = tuple(given.get("source_labels", ()))
    return RelabelRule(**given | {"action": Action(given["action"])})


def _job(i: int, labels: dict[str, str], rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "job_name": f"job{i}",
        "scrape_interval": "1h",
        "static_configs": [{"targets": ["h:1"], "labels": labels}],
        "relabel_configs": rules,
    }


def _case(rng: random.Random) -> tuple[dict[str, str], list[dict[str, Any]]]:
    labels = {name: rng.choice(VALUES) for name in rng.sample(NAMES, rng.randint(0, 4))}
    return labels, [_random_rule(rng) for _ in range(rng.randint(1, 3))]


def _random_rule(rng: random.Random) -> dict[str, Any]:
    while True:
        rule = _fields(rng, rng.choice([*Action, Action.REPLACE, Action.REPLACE, Action.LABELMAP]))
        try:
            _rule(rule)
        except RelabelFailure:
            continue
        return rule


def _fields(rng: random.Random, action: Action) -> dict[str, Any]:
    rule: dict[str, Any] = {"action": action.value}
    if action in (Action.LABELDROP, Action.LABELKEEP):
        # Without its address a target is dropped for another reason.
        regex = rng.choice(["tmp_.*", "b", "env|role", "(a|b).*"])
        return rule | {"regex": regex if action is Action.LABELDROP else f"__.*|job|{regex}"}
    if action is Action.LABELMAP:
        # Two labels mapped to one name would meet in an order that Prometheus leaves to chance here.
        return rule | {"regex": rng.choice(["(tmp|a)_(.+)", "(b|env)"]), "replacement": rng.choice(["m_${1}", "$1"])}
    rule["source_labels"] = rng.sample([*NAMES, "missing"], rng.randint(0, 3))
    if action in (Action.KEEP_EQUAL, Action.DROP_EQUAL):
        return rule | {"target_label": rng.choice(NAMES)}
    if rng.random() < 0.3:
        rule["separator"] = rng.choice(["", "-", ";;"])
    if action in (Action.LOWERCASE, Action.UPPERCASE):
        return rule | {"target_label": rng.choice(NAMES)}
    if action is Action.HASHMOD:
        return rule | {"target_label": "shard", "modulus": rng.choice([1, 7, 1000, 2**63 + 1])}
    if rng.random() < 0.8:
        rule["regex"] = rng.choice(REGEXES)
    if action is Action.REPLACE:
        rule |= {"target_label": rng.choice(TARGETS), "replacement": rng.choice(REPLACEMENTS)}
    return rule
