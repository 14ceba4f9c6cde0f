"""Every subcommand of amtool that asks a server, against the real Alertmanager and us: the same output."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_beside import Side, both, needs_alertmanager

AMTOOL = shutil.which("amtool") or "amtool is missing"
pytestmark = [
    *needs_alertmanager,
    pytest.mark.skipif(not Path(AMTOOL).exists(), reason="amtool is missing: `make peers` unpacks it"),
]

CONFIG = """
route:
  receiver: a
  group_by: [team]
  group_wait: 0s
  group_interval: 1s
  routes:
  - {match_re: {team: 'x|y'}, receiver: b, continue: true}
  - {matchers: ['team="x"'], receiver: a}
receivers: [{name: a}, {name: b}]
inhibit_rules:
- {source_matchers: ['sev=crit'], target_matchers: ['sev=warn'], equal: [team]}
"""
FAR = "2099-01-01T00:00:00Z"
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
NOBODY = "11111111-1111-1111-1111-111111111111"
IMPORTED = json.dumps(
    [
        {
            "matchers": [{"name": "i", "value": "1", "isRegex": False}],
            "startsAt": "2025-01-01T00:00:00Z",
            "endsAt": FAR,
            "createdBy": "bob",
            "comment": "imported",
        }
    ]
)
BY_HAND = ["silence", "add", "-a", "alice", "-c"]
COMMANDS: list[list[str]] = [
    ["alert"],
    *(["alert", "query", *more] for more in ([], ["team=x"], ["--inhibited"], ["--silenced"], ["--active"])),
    *(["alert", "query", *more] for more in (["--unprocessed"], ["-r", "b"], ['team=~"x|z"', "sev=crit"], ["CPU"])),
    *(["alert", "query", "-o", form] for form in ("simple", "extended")),
    ["alert", "add", "ByHand", "team=w", "--annotation=k=v", "--start=2025-01-01T00:00:00Z", f"--end={FAR}"],
    ["alert", "add", "bad", "x"],
    ["alert", "add"],
    ["alert", "query", "alertname=ByHand", "-o", "extended"],
    ["silence", "query"],
    [*BY_HAND, "quiet", "alertname=ByHand"],
    [*BY_HAND, "expressions", "-d", "2h", 'alertname=~"By.*"', "team!=x"],
    [*BY_HAND, "later", "--start=2098-01-01T00:00:00Z", f"--end={FAR}", "a=b"],
    [*BY_HAND, "past", "--start=2020-01-01T00:00:00Z", "--end=2021-01-01T00:00:00Z", "a=b"],
    [*BY_HAND, "negative", "a!=b"],
    [*BY_HAND, "wrong", 'a=~"("'],
    [*BY_HAND, "everything", 'a=~".*"'],
    [*BY_HAND, "annotated", "--annotation=k=v", "a=c"],
    *(["silence", "query", *more] for more in (["-q"], ["-o", "extended"], ["--expired"], ["--within=1h"])),
    *(["silence", "query", *more] for more in (["--created-by=bob"], ["alertname=ByHand"], ["a=b"], ["a=~.*"])),
    ["alert", "query"],
    ["alert", "query", "--silenced"],
    ["silence", "update", "--duration=3h", "-c", "longer", "#0"],
    ["silence", "update", "--end=2020-01-01T00:00:00Z", "#0"],
    ["silence", "update", NOBODY],
    ["silence", "update", "nope"],
    ["silence", "expire", "#0"],
    ["silence", "expire", "#0"],
    ["silence", "expire", NOBODY],
    ["silence", "query", "--expired", "--within=1h"],
    ["silence", "import"],
    ["silence", "query", "i=1"],
    ["config", "routes", "show"],
    *(["config", "routes", "test", *more] for more in ([], ["team=x"], ["team=w", "x=y"], ["--tree", "team=x"])),
    ["config", "routes", "test", "--verify.receivers=b,a", "team=x"],
    ["config", "routes", "test", "--verify.receivers=a", "team=x"],
    ["config", "show"],
    ["cluster", "show"],
]


class Hand:
    """Runs amtool against one side, and calls silences by the order in which they appeared: `#0`."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._ids: list[str] = []

    def run(self, command: list[str]) -> tuple[int, str]:
        """The exit code, and what was printed, without ids, addresses and times."""
        given = [self._ids[int(one[1:])] if one.startswith("#") else one for one in command]
        whole = [AMTOOL, f"--alertmanager.url={self._side.url}", "--no-version-check", *given]
        stdin = IMPORTED if command[-1] == "import" else None
        done = subprocess.run(whole, capture_output=True, text=True, check=False, timeout=60, input=stdin)
        printed = done.stdout + done.stderr
        self._ids += [id for id in dict.fromkeys(UUID.findall(printed)) if id not in (*self._ids, NOBODY)]
        for i, id in enumerate(self._ids):
            printed = printed.replace(id, f"#{i}")
        return done.returncode, re.sub(r"20\d\d-\S+ \S+ UTC", "…", printed).replace(self._side.url, "URL")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    alerts = [{"labels": {"team": team, "sev": sev}, "endsAt": FAR} for team in "xz" for sev in ("crit", "warn")]
    with both(tmp_path_factory.mktemp("amtool"), CONFIG) as pair:
        for side in pair:
            side.take(alerts)
        yield pair


def test_amtool_prints_the_same(sides: tuple[Side, Side]) -> None:
    theirs, ours = (Hand(side) for side in sides)
    for command in COMMANDS:
        assert ours.run(command) == theirs.run(command), command
