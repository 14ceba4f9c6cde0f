"""Somebody's pager: a webhook that writes down what it is told."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hearing import hearing


@dataclass
class Pager:
    """What it was told, in order."""

    told: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def states(self, alert: str) -> list[str]:
        """The states in which it was told of an alert."""
        named = ({one["labels"]["alertname"]: one["status"] for one in body["alerts"]} for body in self.told)
        return [states[alert] for states in named if alert in states]


@contextmanager
def pager() -> Generator[Pager]:
    """One on a port of its own."""
    made = Pager()

    with hearing(lambda _path, body: made.told.append(json.loads(body))) as port:
        made.url = f"http://127.0.0.1:{port}/"
        yield made
