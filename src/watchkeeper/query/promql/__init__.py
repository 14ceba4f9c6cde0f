"""PromQL: text → tree → checked tree → plan → columns."""

from watchkeeper.query.promql.ast import Expr
from watchkeeper.query.promql.engine import Engine
from watchkeeper.query.promql.failure import PromqlFailure, QueryCancelled, QueryTimedOut, TooManySamples
from watchkeeper.query.promql.options import Cancellation, EngineOptions
from watchkeeper.query.promql.parse_failure import ParseFailure
from watchkeeper.query.promql.parser import parse, parse_selector
from watchkeeper.query.promql.result import Result, Statistics
from watchkeeper.query.promql.source import Source

__all__ = [
    "Cancellation",
    "Engine",
    "EngineOptions",
    "Expr",
    "ParseFailure",
    "PromqlFailure",
    "QueryCancelled",
    "QueryTimedOut",
    "Result",
    "Source",
    "Statistics",
    "TooManySamples",
    "parse",
    "parse_selector",
]
