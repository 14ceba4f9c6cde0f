"""How telling people fails."""

from __future__ import annotations

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
