"""A configuration as the status shows it: to the byte what the real Alertmanager shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_beside import both, needs_alertmanager

pytestmark = needs_alertmanager


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "shown").glob("*.yml")), ids=lambda path: path.stem)
def test_a_configuration_is_shown_as_alertmanager_shows_it(path: Path, tmp_path: Path) -> None:
    with both(tmp_path, path.read_text()) as sides:
        theirs, ours = (side.ask("GET", "/api/v2/status").body["config"]["original"] for side in sides)
    assert ours == theirs
