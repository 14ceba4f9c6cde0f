"""Trying again until it works or time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.base.clock import Clock
from watchkeeper.notify.failure import NotifyFailure

FIRST_WAIT_S = 0.5
GROWTH = 1.5
LONGEST_WAIT_S = 60.0

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Attempt: TypeAlias = Callable[[], Awaitable[str]]
"""Tells once; returns what the transport wants to keep for the group's next message. Raises NotifyFailure."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """Exponential backoff, as Alertmanager's: half a second, half as much again each time, a minute at the most.

    Each wait is varied by a half up or down, by `random` from [0, 1).
    """

    clock: Clock
    sleep: Sleep
    random: Callable[[], float]

    async def deliver(self, attempt: Attempt, *, within_s: float, timeout_s: float = 0.0) -> str:
        """Make attempts until one succeeds; one may take `timeout_s` (0: as long as there is time).

        Raises NotifyFailure where an attempt fails for good, or `within_s` seconds are over.
        """
        until_s = self.clock.monotonic_s() + within_s
        wait_s, attempts = FIRST_WAIT_S, 0
        while True:
            attempts += 1
            left_s = max(until_s - self.clock.monotonic_s(), 0.0)
            try:
                return await once(attempt, min(left_s, timeout_s) if timeout_s else left_s)
            except NotifyFailure as failure:
                pause_s = max(wait_s * (0.5 + self.random()), failure.retry_after_s)
                wait_s = min(wait_s * GROWTH, LONGEST_WAIT_S)
                if not failure.retryable:
                    raise
                if self.clock.monotonic_s() + pause_s >= until_s:
                    raise _given_up(failure, attempts) from failure
                await self.sleep(pause_s)


async def once(attempt: Attempt, timeout_s: float) -> str:
    """Make one attempt. Raises NotifyFailure where it fails, or takes longer than `timeout_s` seconds."""
    try:
        async with asyncio.timeout(timeout_s):
            return await attempt()
    except TimeoutError as error:
        raise NotifyFailure("timed out", retryable=True, reason="contextDeadlineExceeded") from error


def _given_up(failure: NotifyFailure, attempts: int) -> NotifyFailure:
    text = f"given up after {attempts} attempt{'s' if attempts > 1 else ''}: {failure}"
    return NotifyFailure(text, retryable=True, reason=failure.reason)
