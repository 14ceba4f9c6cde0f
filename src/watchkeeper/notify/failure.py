"""How telling people fails."""

from __future__ import annotations

import traceback
from pathlib import Path

from watchkeeper.base.failure import Failure


class NotifyFailure(Failure):
    """A notification that did not go out.

    `retryable` says whether the same may succeed later, not before `retry_after_s` seconds have passed; `reason` is
    the word for it in Alertmanager's metrics. The text holds no secrets.
    """

    def __init__(
        self, message: str, *, retryable: bool = False, retry_after_s: float = 0.0, reason: str = "other"
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.reason = reason


def unforeseen(error: BaseException) -> str:
    """What is said of an error that nobody expected: its kind and place, not its text, which may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"unforeseen: {type(error).__name__}{where}"
