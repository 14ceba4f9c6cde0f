"""What transports reach the world by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient


@dataclass(frozen=True, slots=True)
class Outside:
    """A client that follows the integration's `http_config`, the clock, and the environment."""

    client: HTTPClient
    clock: Clock
    environ: Mapping[str, str]
