"""PromQL: text → tree → checked tree → plan → columns.

The face is loaded lazily: whoever reads a selector needs no engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.base.face import lazy_face

if TYPE_CHECKING:
    from watchkeeper.query.promql.ast import Expr, VectorSelector, walk
    from watchkeeper.query.promql.engine import Engine
    from watchkeeper.query.promql.failure import PromqlFailure, QueryCancelled, QueryTimedOut, TooManySamples, WrongType
    from watchkeeper.query.promql.json_tree import tree_json
    from watchkeeper.query.promql.options import Cancellation, EngineOptions
    from watchkeeper.query.promql.parse_failure import ParseFailure
    from watchkeeper.query.promql.parser import parse, parse_selector
    from watchkeeper.query.promql.printer import to_pretty
    from watchkeeper.query.promql.result import Result, Statistics
    from watchkeeper.query.promql.signatures import ValueType
    from watchkeeper.query.promql.source import Source
    from watchkeeper.query.promql.warming import warm

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
    "ValueType",
    "VectorSelector",
    "WrongType",
    "parse",
    "parse_selector",
    "to_pretty",
    "tree_json",
    "walk",
    "warm",
]

_HOMES = {
    "Cancellation": "options",
    "Engine": "engine",
    "EngineOptions": "options",
    "Expr": "ast",
    "ParseFailure": "parse_failure",
    "PromqlFailure": "failure",
    "QueryCancelled": "failure",
    "QueryTimedOut": "failure",
    "Result": "result",
    "Source": "source",
    "Statistics": "result",
    "TooManySamples": "failure",
    "ValueType": "signatures",
    "VectorSelector": "ast",
    "WrongType": "failure",
    "parse": "parser",
    "parse_selector": "parser",
    "to_pretty": "printer",
    "tree_json": "json_tree",
    "walk": "ast",
    "warm": "warming",
}

__getattr__ = lazy_face(__name__, _HOMES)
