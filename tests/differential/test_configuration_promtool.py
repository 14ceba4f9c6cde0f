"""What we accept as configuration beside what promtool accepts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper.app.configuration import load
from watchkeeper.base.configuration import ConfigurationFailure

sys.path.insert(0, str(Path(__file__).parent))

from configurations import BAD, GOOD
from prometheus_server import PROMTOOL, version

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PROMTOOL).exists(), reason="promtool is missing: `make peers` unpacks it"),
]


@pytest.mark.parametrize("text", GOOD)
def test_what_promtool_accepts_loads(tmp_path, text):
    path = _written(tmp_path, text)
    assert _promtool_accepts(path), version(PROMTOOL)
    load([path], {})


@pytest.mark.parametrize("text", BAD)
def test_what_promtool_refuses_is_refused_at_a_place(tmp_path, text):
    path = _written(tmp_path, text)
    assert not _promtool_accepts(path), version(PROMTOOL)
    with pytest.raises(ConfigurationFailure) as caught:
        load([path], {})
    for problem in caught.value.problems:
        assert problem.place.line > 0
        assert problem.place.file == str(path)


def _written(folder: Path, text: str) -> Path:
    path = folder / "prometheus.yml"
    path.write_text(text + "\n")
    return path


def _promtool_accepts(path: Path) -> bool:
    command = [PROMTOOL, "check", "config", "--syntax-only", str(path)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
