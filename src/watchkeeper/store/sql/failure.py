"""Why a statement is not run."""

from __future__ import annotations

from watchkeeper.store.failure import StoreFailure


class SqlRefused(StoreFailure):
    """The statement is not one that people may run; `position` counts characters from 0, −1 where there is none."""

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message, retryable=False)
        self.position = position
