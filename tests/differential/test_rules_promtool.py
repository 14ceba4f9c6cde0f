"""Our checks and unit tests of rules beside promtool's: the same verdicts, mostly in the same words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli import main

sys.path.insert(0, str(Path(__file__).parent))

from prometheus_server import PROMTOOL, version

FOLDER = Path(__file__).parent / "rules"
TESTS = sorted(FOLDER.glob("*.test.yml"))
OTHER_WORDS = {"bad_series", "bad_query", "bad_key", "repeated_order"}
"""Where the two say the same thing each in their own way."""

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PROMTOOL).exists(), reason="promtool is missing: `make peers` unpacks it"),
]


def promtool(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROMTOOL, *command], capture_output=True, text=True, check=False, timeout=120)


def watchkeeper(*command: str) -> Result:
    return CliRunner().invoke(main, command)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.split(".")[0])
def test_a_unit_test_ends_alike(path: Path):
    theirs, ours = promtool("test", "rules", str(path)), watchkeeper("test", "rules", str(path))
    assert ours.exit_code == theirs.returncode, (version(PROMTOOL), theirs.stderr, ours.stderr)
    assert ("SUCCESS" in ours.stdout) == ("SUCCESS" in theirs.stdout)
    if path.name.split(".")[0] not in OTHER_WORDS:
        assert ours.stderr == theirs.stderr


RULES = {
    "good": "groups: [{name: g, rules: [{record: r, expr: up}, {alert: A, expr: up, for: 5m}]}]",
    "empty": "",
    "twice": "groups: [{name: g, rules: [{record: r, expr: up}, {record: r, expr: up}]}]",
    "bad expression": "groups: [{name: g, rules: [{record: r, expr: up +}]}]",
    "bad template": "groups: [{name: g, rules: [{alert: r, expr: up, labels: {a: '{{ $x }}'}}]}]",
    "bad function": "groups: [{name: g, rules: [{alert: r, expr: up, annotations: {a: '{{ x }}'}}]}]",
    "bad label": "groups: [{name: g, rules: [{alert: r, expr: up, labels: {__name__: b}}]}]",
    "no expression": "groups: [{name: g, rules: [{alert: r}]}]",
    "both": "groups: [{name: g, rules: [{alert: r, record: r, expr: up}]}]",
    "neither": "groups: [{name: g, rules: [{expr: up}]}]",
    "for in recording": "groups: [{name: g, rules: [{record: r, expr: up, for: 1m}]}]",
    "annotations in recording": "groups: [{name: g, rules: [{record: r, expr: up, annotations: {a: b}}]}]",
    "braces": "groups: [{name: g, rules: [{record: 'r{}', expr: up}]}]",
    "no name": "groups: [{rules: []}]",
    "same name": "groups: [{name: g}, {name: g}]",
    "unknown key": "groups: [{name: g, foo: 1}]",
    "bad duration": "groups: [{name: g, interval: 5}]",
    "numbers as labels": "groups: [{name: g, rules: [{record: r, expr: 1, labels: {a: 1}}]}]",
    "utf-8": "groups: [{name: g, labels: {'a b': c}, rules: [{record: 'a.b', expr: '{\"c.d\"}'}]}]",
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("options", [(), ("--lint-fatal",), ("--lint=none",)], ids=str)
def test_a_check_ends_alike(tmp_path: Path, name: str, options: tuple[str, ...]):
    path = tmp_path / "rules.yml"
    path.write_text(RULES[name] + "\n")
    theirs = promtool("check", "rules", *options, str(path))
    ours = watchkeeper("check", "rules", *options, str(path))
    assert ours.exit_code == theirs.returncode, (version(PROMTOOL), theirs.stderr, ours.stderr)
    assert ours.stdout == theirs.stdout
