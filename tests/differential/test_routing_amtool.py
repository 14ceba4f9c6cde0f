"""Which configurations load, what matchers mean and where routes lead: amtool and we say the same."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from watchkeeper.app.configuration import load
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.cli.routes import routes

AMTOOL = shutil.which("amtool") or "amtool is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(AMTOOL).exists(), reason="amtool is missing: `make peers` unpacks it"),
]

RECEIVERS = "receivers: [{name: a}, {name: b}, {name: c}]\n"
ROUTES = [
    "{}",
    "{receiver: x}",
    "{receiver: a, matchers: ['a=b']}",
    "{receiver: a, match: {a: b}}",
    "{receiver: a, match_re: {a: b}}",
    "{receiver: a, continue: true}",
    "{receiver: a, mute_time_intervals: [x]}",
    "{receiver: a, active_time_intervals: [x]}",
    "{receiver: a, routes: [{mute_time_intervals: [x]}]}",
    "{receiver: a, routes: [{active_time_intervals: [x]}]}",
    "{receiver: a, routes: [{receiver: nobody}]}",
    "{receiver: a, group_by: [x, x]}",
    "{receiver: a, group_by: ['...', x]}",
    "{receiver: a, group_by: ['...', '...']}",
    "{receiver: a, group_by: ['']}",
    "{receiver: a, group_by: ['ü.x']}",
    "{receiver: a, group_interval: 0s}",
    "{receiver: a, repeat_interval: 0s}",
    "{receiver: a, group_wait: 0s}",
    "{receiver: a, group_wait: 5}",
    "{receiver: a, routes: [{match: {'a-b': x}}]}",
    "{receiver: a, routes: [{match_re: {'a-b': x}}]}",
    "{receiver: a, routes: [{match_re: {a: '('}}]}",
    "{receiver: a, routes: [{matchers: 'a=b'}]}",
    "{receiver: a, routs: []}",
]
TIMES = [
    "{times: [{start_time: '9:00', end_time: '10:00'}]}",
    "{times: [{start_time: '10:00', end_time: '10:00'}]}",
    "{times: [{start_time: '10:00'}]}",
    "{times: [{start_time: '10:00', end_time: '24:00'}]}",
    "{times: [{start_time: '24:00', end_time: '24:00'}]}",
    "{times: [{start_time: 10:00, end_time: 12:00}]}",
    "{weekdays: ['monday:friday']}",
    "{weekdays: ['friday:monday']}",
    "{weekdays: ['Monday']}",
    "{weekdays: ['1']}",
    "{weekdays: ['mon']}",
    "{weekdays: ['monday:tuesday:friday']}",
    "{weekdays: ['monday: friday']}",
    "{days_of_month: ['1:5']}",
    "{days_of_month: ['0']}",
    "{days_of_month: ['-1:5']}",
    "{days_of_month: ['5:-1']}",
    "{days_of_month: ['5:1']}",
    "{days_of_month: ['-1:-5']}",
    "{days_of_month: ['-5:-1']}",
    "{days_of_month: ['32']}",
    "{days_of_month: ['31:-31']}",
    "{days_of_month: ['5:-28']}",
    "{days_of_month: ['3:-28']}",
    "{days_of_month: ['1:-28']}",
    "{days_of_month: ['29:-1']}",
    "{days_of_month: ['1:x']}",
    "{days_of_month: [1, '2']}",
    "{days_of_month: 1}",
    "{days_of_month: [' 1 : 2 ']}",
    "{months: ['january:march', '5:6', '12']}",
    "{months: ['march:january']}",
    "{months: ['jan']}",
    "{years: ['2020:2022', 2024]}",
    "{years: ['2022:2020']}",
    "{years: ['x']}",
    "{location: 'Europe/Berlin'}",
    "{location: 'Nope'}",
    "{location: Local}",
    "{location: ''}",
    "{times: []}",
    "{location: UTC, foo: 1}",
    "{}",
]
OTHERS = [
    "time_intervals: [{name: x, time_intervals: []}, {name: x, time_intervals: []}]",
    "time_intervals: [{name: x}]\nmute_time_intervals: [{name: x}]",
    "time_intervals: [{time_intervals: []}]",
    "inhibit_rules: [{source_match: {'a-b': x}}]",
    "inhibit_rules: [{target_match_re: {a: '['}}]",
    "inhibit_rules: [{source_matchers: ['!']}]",
    "inhibit_rules: [{}]",
    "inhibit_rules: [{equal: ['']}]",
    "inhibit_rules: [{equal: ['x.y', 'x.y'], name: q}]",
    "inhibit_rules: [{sources: []}]",
    "global: {resolve_timeout: 0s}",
    "global: {resolve_timeout: 5}",
]
CONFIGS = [
    *(f"route: {route}\n{RECEIVERS}" for route in ROUTES),
    *(f"route: {{receiver: a}}\ntime_intervals: [{{name: x, time_intervals: [{t}]}}]\n{RECEIVERS}" for t in TIMES),
    *(f"route: {{receiver: a}}\n{other}\n{RECEIVERS}" for other in OTHERS),
]


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([AMTOOL, *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("config", CONFIGS)
def test_we_load_what_alertmanager_loads(config: str, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(config)
    theirs = amtool("check-config", str(file))
    try:
        load([file], {})
        problem = ""
    except ConfigurationFailure as failure:
        problem = str(failure)
    assert (problem == "") == (theirs.returncode == 0), (problem, theirs.stderr)


MATCHERS = [
    "a=b",
    'a="b"',
    "{a=b}",
    '{a="b",}',
    'a="b",c!=d',
    "a=",
    'a=""',
    "a!=b",
    "a=~b|x",
    "a!~b|x",
    'a=~"("',
    "=b",
    "a",
    "a=b c",
    ' a = "b c" ',
    'a="b\\"c"',
    "a='b'",
    'a="b\\nc"',
    'a="b\\tc"',
    '"a"=b',
    '"a b"=c',
    "ü=b",
    'a="b',
    'a=b"',
    "a=b}",
    "a=b,",
    "a=b,,c=d",
    ",",
    "{",
    "{}",
    '""=b',
    "a:b=c",
    "1a=b",
    'a="😀"',
    "a=b\\",
    "a=\\",
    'a=~"b.*"',
    "a=~",
    "a==b",
    "a=!b",
    "a==~b",
]


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_matcher_means_the_same(matcher: str, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    text = matcher.replace("'", "''")
    file.write_text(f"route: {{receiver: a, routes: [{{receiver: b, matchers: ['{text}']}}]}}\n{RECEIVERS}")
    theirs = amtool("config", "routes", "show", f"--config.file={file}")
    ours = CliRunner().invoke(routes, ["show", "--config", str(file)])
    assert (ours.exit_code == 0) == (theirs.returncode == 0), (ours.output, theirs.stderr)
    if theirs.returncode == 0:
        # What its older parser alone understands, amtool remarks in a log.
        tree = theirs.stdout[theirs.stdout.index("Routing tree") :]
        assert ours.stdout.split() == tree.split()


TREE = f"""
route:
  receiver: a
  routes:
  - match: {{team: x}}
    receiver: b
    continue: true
    routes:
    - {{matchers: [severity=~"high|low"], receiver: c}}
    - {{match_re: {{severity: 'm.*'}}, continue: true}}
    - {{matchers: ['severity!=""', '"a b"="c"'], receiver: a}}
  - {{matchers: ['team=~"x|y"', 'env!=test'], receiver: c}}
  - {{matchers: ['team!~"x|y"'], receiver: b, continue: true, routes: [{{match: {{env: test}}, receiver: c}}]}}
  - {{match: {{env: ''}}, receiver: c}}
{RECEIVERS}"""
ALERTS = [
    (),
    ("team=x",),
    ("team=x", "severity=high"),
    ("team=x", "severity=medium"),
    ("team=x", "severity=middle", '"a b"=c'),
    ("team=x", "severity=other", '"a b"=c'),
    ("team=y",),
    ("team=y", "env=test"),
    ("team=z", "env=test"),
    ("team=z", "env=prod"),
    ('team="x"', "env=test"),
]


@pytest.mark.parametrize("labels", ALERTS)
def test_an_alert_takes_the_same_routes(labels: Sequence[str], tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(TREE)
    theirs = amtool("config", "routes", "test", "--tree", f"--config.file={file}", *labels)
    ours = CliRunner().invoke(routes, ["test", "--tree", "--config", str(file), *labels])
    assert theirs.returncode == 0
    assert ours.stdout == theirs.stdout
