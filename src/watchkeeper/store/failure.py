"""How the store fails."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class StoreFailure(Failure):
    """The store could not do what was asked; `retryable` says whether it may later (answer 503 then, else 500)."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class StoreFull(StoreFailure):
    """There is no room left on disk; ingest resumes by itself once there is."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class StoreBusy(StoreFailure):
    """More is waiting to be committed than the store will hold; answer 429 or 503 with Retry-After."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class StoreUnreachable(StoreFailure):
    """The engine did not answer: it is starting, restarting or gone. Whether a write was done is unknown."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class StatementFailure(StoreFailure):
    """The engine refused or broke off a statement; `code` is ClickHouse's number for the reason, 0 where unknown."""

    def __init__(self, message: str, code: int, *, retryable: bool) -> None:
        super().__init__(message, retryable=retryable)
        self.code = code
