"""How a query fails."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class PromqlFailure(Failure):
    """A PromQL query cannot be answered."""


class EvaluationFailure(PromqlFailure):
    """The query is well-formed, but the data or a parameter does not allow what it asks for."""


class WrongType(PromqlFailure):
    """The expression is well-formed, but of a type that this kind of query cannot answer."""


class QueryTimedOut(PromqlFailure):
    """The query ran longer than it may."""

    def __init__(self) -> None:
        super().__init__("query timed out in expression evaluation")


class QueryCancelled(PromqlFailure):
    """Whoever asked does not want the answer any more."""

    def __init__(self) -> None:
        super().__init__("query was canceled in expression evaluation")


class TooManySamples(PromqlFailure):
    """The query would hold more samples or memory at once than it may."""

    def __init__(self, message: str = "query processing would load too many samples into memory in query execution"):
        super().__init__(message)
