"""How a template fails: while it is read, or while it runs."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class TemplateFailure(Failure):
    """A template that cannot be read or run; `line` and `column` count from 1 (bytes are not told from characters)."""

    def __init__(self, template: str, line: int, column: int, message: str) -> None:
        super().__init__(f"template: {template}:{line}:{column}: {message}")
        self.template = template
        self.line = line
        self.column = column
        self.message = message


class FunctionFailure(Failure):
    """A function called by a template refuses its arguments; the running template adds the place."""
