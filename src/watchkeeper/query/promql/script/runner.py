"""Runs a script's commands and says what became of each evaluation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.base.failure import Failure
from watchkeeper.query.promql.parse_failure import ParseFailure
from watchkeeper.query.promql.parser import parse
from watchkeeper.query.promql.script.answer import Answer
from watchkeeper.query.promql.script.at_times import at_other_times, depends_on_query
from watchkeeper.query.promql.script.backend import Backend
from watchkeeper.query.promql.script.command import Clear, Evaluation, ExpectationKind, Load, Script
from watchkeeper.query.promql.script.comparing import Mismatch, check_annotations, check_failure, check_sorted, compare
from watchkeeper.query.promql.script.custom_histograms import custom_histograms
from watchkeeper.query.promql.signatures import ValueType

log = logging.getLogger(__name__)

_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One evaluation, or a load that failed: where it stands and why it failed; `problem` is empty if it passed."""

    line: int
    query: str
    problem: str = ""


class Runner:
    """Runs scripts one after the other on `backend`."""

    __slots__ = ("_backend",)

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def run(self, script: Script) -> Iterator[Outcome]:
        """The outcome of each evaluation, in the order of the script, as soon as it is known."""
        tenant = self._backend.fresh()
        for command in script.commands:
            match command:
                case Clear():
                    tenant = self._backend.fresh()
                case Load():
                    problem = self._load(tenant, command)
                    if problem:
                        yield Outcome(command.line, "load", problem)
                case Evaluation():
                    yield Outcome(command.line, command.query, self._evaluate(tenant, command))

    def _load(self, tenant: str, load: Load) -> str:
        try:
            self._backend.append(tenant, load.series, load.step)
            if load.with_custom_histograms:
                self._backend.append(tenant, custom_histograms(load.series), load.step)
        except Failure as failure:
            return str(failure)
        return ""

    def _evaluate(self, tenant: str, evaluation: Evaluation) -> str:
        try:
            if evaluation.is_range:
                self._range(tenant, evaluation)
            else:
                self._instant(tenant, evaluation)
        except Mismatch as mismatch:
            return str(mismatch)
        except Exception as defect:  # one defect does not keep the other evaluations from being judged
            log.exception("%s (line %d)", evaluation.query, evaluation.line)
            return f"{type(defect).__name__}: {defect}"
        return ""

    def _range(self, tenant: str, evaluation: Evaluation) -> None:
        times = evaluation.times
        try:
            answer = self._backend.range(tenant, evaluation.query, times.start, times.end, times.step)
        except Failure as failure:
            check_failure(evaluation, str(failure))
            return
        _check(evaluation, answer)

    def _instant(self, tenant: str, evaluation: Evaluation) -> None:
        """The query as it stands, then pinned to its time and asked at others; each also as a range query's step."""
        at = evaluation.times.end
        try:
            expr = parse(evaluation.query)
        except ParseFailure as failure:
            check_failure(evaluation, str(failure))
            return
        has_range_mode = not (evaluation.expects_ranges or evaluation.string is not None or depends_on_query(expr))
        for query, time in [(evaluation.query, at), *at_other_times(expr, at)]:
            try:
                self._instant_at(tenant, evaluation, query, time, in_range_mode=has_range_mode)
            except Mismatch as mismatch:
                if query == evaluation.query:
                    raise
                raise Mismatch(f"{mismatch} (asked as {query} at {time} ms)") from None

    def _instant_at(self, tenant: str, evaluation: Evaluation, query: str, at: int, *, in_range_mode: bool) -> None:
        try:
            answer = self._backend.instant(tenant, query, at)
        except Failure as failure:
            check_failure(evaluation, str(failure))
            return
        _check(evaluation, answer)
        if not in_range_mode:
            return
        try:
            self._as_range(tenant, evaluation, answer.kind, query, at)
        except Mismatch as mismatch:
            raise Mismatch(f"in range mode: {mismatch}") from None

    def _as_range(self, tenant: str, evaluation: Evaluation, kind: ValueType, query: str, at: int) -> None:
        """The middle step of a range query around an instant one must have its answer."""
        try:
            answer = self._backend.range(tenant, query, at - _MINUTE, at + _MINUTE, _MINUTE)
        except Failure as failure:
            raise Mismatch(f"error evaluating the query: {failure}") from failure
        if evaluation.expects(ExpectationKind.ORDERED):
            return  # ranges are sorted by labels
        check_sorted(answer)
        compare(evaluation, answer.at(at, kind))


def _check(evaluation: Evaluation, answer: Answer) -> None:
    if evaluation.expects(ExpectationKind.FAIL):
        raise Mismatch("expected an error but got none")
    check_annotations(evaluation, answer)
    compare(evaluation, answer)
