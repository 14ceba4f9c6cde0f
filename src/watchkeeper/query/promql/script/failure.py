"""How a test script fails to be one."""

from __future__ import annotations

from watchkeeper.query.promql.failure import PromqlFailure


class ScriptFailure(PromqlFailure):
    """A line that the test language does not know; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class NotationFailure(PromqlFailure):
    """A series, or a value of one, that is not written in the series notation."""
