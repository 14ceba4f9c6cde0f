"""How a text fails to be PromQL."""

from __future__ import annotations

from watchkeeper.query.promql.failure import PromqlFailure


class ParseFailure(PromqlFailure):
    """A text that is no PromQL; the text of the failure is Prometheus' own: `1:7: parse error: …`.

    `message` is the reason alone. `start` and `end` are character offsets into the query, `line` and `column` count
    from 1, the column in bytes, as Prometheus counts it.
    """

    def __init__(self, query: str, message: str, start: int, end: int) -> None:
        self.query = query
        self.message = message
        self.start = start
        self.end = end
        self.line, self.column = position(query, start)
        where = f"{self.line}:{self.column}" if query else "unknown position"
        super().__init__(f"{where}: parse error: {message}")


def position(query: str, offset: int) -> tuple[int, int]:
    """Line and column (in bytes, both from 1) of a character offset."""
    before = query[:offset]
    line_start = before.rfind("\n") + 1
    return before.count("\n") + 1, len(before[line_start:].encode("utf-8", "surrogatepass")) + 1
