"""Why a push is not taken, in the real Pushgateway's words, which its clients log."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class PushFailure(Failure):
    """A request that is answered with 400 (or `status`), and the text."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Inconsistent(PushFailure):
    """Metrics that contradict themselves or those of other groups: their group is told by push_failure_time_seconds."""

    def __init__(self, message: str) -> None:
        super().__init__(f"pushed metrics are invalid or inconsistent with existing metrics: {message}")
