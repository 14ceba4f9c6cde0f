"""The examples of the page on notifications are configurations that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from notify_house import configured

PAGE = Path(__file__).parents[3] / "docs" / "notifications.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split()[3])
def test_an_example_loads(example: str) -> None:
    configuration = configured(example)
    assert configuration.notify.receivers
    assert [
        w.message for w in configuration.warnings if "does not exist" not in w.message and "route" not in w.message
    ] == []
