"""The test language for PromQL engines: scripts that load series, evaluate queries and say what must come out."""

from watchkeeper.query.promql.script.answer import Answer, AnsweredSeries, answer_of
from watchkeeper.query.promql.script.backend import Backend
from watchkeeper.query.promql.script.columns import SampleColumns, sample_columns
from watchkeeper.query.promql.script.command import HistogramPoint, Point, Script, Series
from watchkeeper.query.promql.script.failure import NotationFailure, ScriptFailure
from watchkeeper.query.promql.script.notation import parse_series
from watchkeeper.query.promql.script.reading import read_script
from watchkeeper.query.promql.script.runner import Outcome, Runner

__all__ = [
    "Answer",
    "AnsweredSeries",
    "Backend",
    "HistogramPoint",
    "NotationFailure",
    "Outcome",
    "Point",
    "Runner",
    "SampleColumns",
    "Script",
    "ScriptFailure",
    "Series",
    "answer_of",
    "parse_series",
    "read_script",
    "sample_columns",
]
