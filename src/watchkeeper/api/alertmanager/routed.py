"""What the API has to know of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Routed(Protocol):
    """What is configured about alerts."""

    def alertmanager_yaml(self) -> str:
        """The part of the configuration that Alertmanager knows, secrets hidden."""
        ...

    def receivers(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of every receiver by its name, which is one of them, in the order of the file."""
        ...
