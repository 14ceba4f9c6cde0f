"""What is wrong with a calendar."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class CalendarFailure(Failure):
    """Text that is no calendar, or more of one than we take; `line` counts from 1, 0 where it is about the whole."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {text}" if line else text)
        self.line = line
