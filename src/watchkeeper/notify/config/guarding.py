"""What guards a receiver's integrations, and those who read what they tell. Alertmanager has no such keys."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from watchkeeper.base.configuration import Count, DurationMs, Section


class CircuitBreaker(Section):
    """When an integration that keeps failing is left alone, and for how long.

    The circuit opens after so many failed attempts in a row (0: never), the first of them at least `after` ago. Each
    time that it is tried in vain again the pause is twice as long, `longest_pause` at the most.
    """

    failures: Count = 5
    after_ms: DurationMs = 30_000
    pause_ms: DurationMs = 60_000
    longest_pause_ms: DurationMs = 900_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pause_ms == 0:
            raise ValueError("pause must be longer than 0s")
        if self.longest_pause_ms < self.pause_ms:
            raise ValueError("longest_pause must not be shorter than pause")
        return self


class RateLimit(Section):
    """How many messages each integration of a receiver sends in any span of `per`."""

    messages: Count
    per_ms: DurationMs = 60_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.messages and self.per_ms):
            raise ValueError("messages and per must be greater than 0")
        return self
