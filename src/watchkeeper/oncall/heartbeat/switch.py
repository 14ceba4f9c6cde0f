"""The sign of life that we owe the outside: nobody pages when the pager is dead."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient, HTTPFailure
from watchkeeper.oncall.heartbeat.sections import DeadMansSwitchConfig

log = logging.getLogger(__name__)

Vital: TypeAlias = Callable[[], str]
"""Says why people would not be told of trouble, or nothing where they would."""


class DeadMansSwitches:
    """Tells each address every so often that we live, as long as all `vitals` are well.

    `apply` replaces what was told before; `stop` at the end.
    """

    def __init__(
        self, vitals: Sequence[Vital], clock: Clock, registry: CollectorRegistry, environ: Mapping[str, str], agent: str
    ) -> None:
        self._vitals = vitals
        self._clock = clock
        self._environ = environ
        self._agent = agent
        self._tasks: list[asyncio.Task[None]] = []
        self._rounds = Counter(
            "watchkeeper_dead_mans_switch_rounds",
            "Rounds of dead man's switches: told, failed, or withheld because people would not be told of trouble.",
            ["switch", "outcome"],
            registry=registry,
        )

    async def apply(self, configs: Sequence[DeadMansSwitchConfig]) -> None:
        """Tell these addresses from now on."""
        await self.stop()
        named = ((config.name or f"{i}", config) for i, config in enumerate(configs))
        self._tasks = [asyncio.create_task(self._run(name, config), name="dead man's switch") for name, config in named]

    async def stop(self) -> None:
        """Tell nobody any more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, name: str, config: DeadMansSwitchConfig) -> None:
        client = HTTPClient(
            config, self._clock, environ=self._environ, user_agent=self._agent, timeout_s=config.timeout_ms / 1000
        )
        try:
            while True:
                self._rounds.labels(name, await self._round(name, config, client)).inc()
                await asyncio.sleep(config.interval_ms / 1000)
        finally:
            await client.close()

    async def _round(self, name: str, config: DeadMansSwitchConfig, client: HTTPClient) -> str:
        try:
            if reasons := [reason for vital in self._vitals if (reason := vital())]:
                log.error("the dead man's switch %s is not told that all is well: %s", name, "; ".join(reasons))
                return "withheld"
            answer = await client.request(config.method, config.address())
        except (HTTPFailure, OSError) as failure:
            # The address is a secret: only what went wrong is said.
            log.error("the dead man's switch %s cannot be told: %s", name, _without_address(failure))
            return "failed"
        except Exception:
            log.exception("the dead man's switch %s cannot be told, in an unforeseen way", name)
            return "failed"
        if answer.status >= 300:
            log.error("the dead man's switch %s answered %d", name, answer.status)
            return "failed"
        return "told"


def _without_address(failure: Exception) -> str:
    return str(failure).rpartition(": ")[2] if isinstance(failure, HTTPFailure) else type(failure).__name__
