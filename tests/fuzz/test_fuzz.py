"""Each fuzz target runs, for a moment; `make fuzz` gives them longer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).with_name("fuzz.py")


def test_nothing_is_found_in_a_moment(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, str(FUZZ), "2"], cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout[-1000:] + run.stderr[-6000:]
