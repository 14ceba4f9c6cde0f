"""PromQL: text → tree → checked tree → plan → columns."""

from watchkeeper.query.promql.ast import Expr
from watchkeeper.query.promql.failure import PromqlFailure
from watchkeeper.query.promql.parse_failure import ParseFailure
from watchkeeper.query.promql.parser import parse, parse_selector

__all__ = ["Expr", "ParseFailure", "PromqlFailure", "parse", "parse_selector"]
