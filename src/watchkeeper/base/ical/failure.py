"""What is wrong with a calendar."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class CalendarFailure(Failure):
    """Text that is no calendar, or more of one than we take; `line` counts from 1, 0 where it is about the whole.

    `event` is what the event is called that it is about, empty where it is about none.
    """

    def __init__(self, text: str, line: int = 0, event: str = "") -> None:
        where = f"line {line}: " if line else ""
        super().__init__(f'{where}event "{event}": {text}' if event else f"{where}{text}")
        self.text = text
        self.line = line
