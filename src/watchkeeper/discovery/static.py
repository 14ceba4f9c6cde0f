"""Targets that stand in the configuration."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from watchkeeper.discovery.config import StaticConfig
from watchkeeper.discovery.group import TargetGroup, at


class StaticProvider:
    """Yields its groups once."""

    kind = "static"

    def __init__(self, configs: Sequence[StaticConfig]) -> None:
        self._groups = tuple(
            TargetGroup(str(i), tuple(at(address) for address in config.targets), config.labels)
            for i, config in enumerate(configs)
        )

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """All groups, and that is all."""
        yield self._groups
