"""What keeps a text from being imported."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class ImportFailure(Failure):
    """A text that cannot be imported; nothing of it has been stored, unless the message says so.

    `line` counts from 1; 0 where no single line is at fault.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line
