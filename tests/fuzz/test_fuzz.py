"""Each fuzz target runs, for a moment; `make fuzz` gives them longer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_NAMES = (
    "promql", "selector", "duration", "exposition_text", "exposition_openmetrics", "exposition_protobuf",
    "remote_write_v1", "remote_write_v2", "configuration", "web_config", "template", "sql",
)  # fmt: skip


@pytest.mark.parametrize("name", _NAMES)
def test_nothing_is_found_in_a_moment(name: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(_HERE / "fuzz.py"), name, "2"], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stderr[-6000:]
