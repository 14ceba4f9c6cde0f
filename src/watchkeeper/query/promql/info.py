"""info(): series enriched with the labels of info metrics about the same instance and job."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection
from watchkeeper.query.promql.ast import At, AtEdge, Call, VectorSelector, walk
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.frames import columns, described, label_pairs, rows_as_groups, with_column
from watchkeeper.query.promql.merge import merged
from watchkeeper.query.promql.selectors import chosen
from watchkeeper.query.promql.steps import Steps
from watchkeeper.query.promql.value import Vector

_TARGET_INFO = Matcher(METRIC_NAME, MatchOp.EQUAL, "target_info")
_SOME_INFO = Matcher(METRIC_NAME, MatchOp.REGEX, ".+_info")
"""What an info metric is called, where the query only says what it is not called."""
_IDENTIFYING = ("instance", "job")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which info metrics, which of their labels (empty: all), and whether the metrics were asked for."""

    metrics: tuple[Matcher, ...]
    labels: tuple[Matcher, ...]
    named: bool

    @property
    def optional(self) -> bool:
        """Say whether a series for which nothing is found is kept as it is."""
        return all(matcher.matches_empty for matcher in self.labels)


@dataclass(frozen=True, slots=True)
class _Found:
    """Info series, and where each is present with which sample time, shape (m, s), −1 for nothing."""

    frame: LabelFrame
    times: NDArray[np.int64]


def info(context: Context, expr: Call, base: Vector, steps: Steps) -> Vector:
    """`base` with the labels of matching info series added. Raises EvaluationFailure where two contradict."""
    wanted = _wanted(expr)
    names = base.frame.column(METRIC_NAME)
    plain = np.array([_is_info(context, wanted, int(code)) for code in names], dtype=np.bool_)
    found = _fetch(context, expr, base, plain, wanted, steps)
    if found is None:
        return base if wanted.optional else base.take(plain)
    rows = _joined(context, base, plain, found, wanted)
    return merged(rows)


def _wanted(expr: Call) -> _Wanted:
    matchers: tuple[Matcher, ...] = ()
    if len(expr.args) > 1:
        selector = expr.args[1]
        assert isinstance(selector, VectorSelector)
        matchers = selector.matchers
    metrics = tuple(m for m in matchers if m.name == METRIC_NAME)
    labels = tuple(m for m in matchers if m.name != METRIC_NAME)
    if metrics and all(m.op in (MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX) for m in metrics):
        metrics = (_SOME_INFO, *metrics)
    return _Wanted(metrics or (_TARGET_INFO,), labels, bool(metrics) or not labels)


def _is_info(context: Context, wanted: _Wanted, code: int) -> bool:
    name = context.symbols[code]
    return wanted.named and all(matcher.matches(name) for matcher in wanted.metrics)


def _fetch(
    context: Context, expr: Call, base: Vector, plain: NDArray[np.bool_], wanted: _Wanted, steps: Steps
) -> _Found | None:
    """The info series about the base's instances and jobs; None where nothing identifies them or none is there."""
    identifying: list[Matcher] = []
    for label in _IDENTIFYING:
        codes = np.unique(base.frame.column(label)[~plain])
        values = [text for text in context.symbols.texts(codes) if text]
        if values:
            identifying.append(Matcher(label, MatchOp.REGEX, "|".join(map(_quoted, values))))
    if not identifying:
        return None
    matchers = (*wanted.metrics, *identifying, *wanted.labels)
    ends = _ends(context, expr, steps)
    start = int(ends[0]) - context.lookback_ms + 1
    block = context.source.select(Selection(context.tenant, matchers, start, int(ends[-1])))
    if not len(block.frame):
        return None
    context.load(block.timestamps.size)
    index = chosen(context, block, ends)
    if block.histogram_at is not None and block.histogram_at.size:
        held = (index >= 0) & (block.histogram_at[np.maximum(index, 0)] >= 0)
        for row in np.flatnonzero(held.any(axis=1)).tolist():
            frame = context.symbols.adopted(block.frame)
            labels = described(context.symbols, frame, row)
            raise EvaluationFailure(f"this should be an info metric, with float samples: {labels}")
    times = np.where(index >= 0, block.timestamps[np.maximum(index, 0)], -1) if block.timestamps.size else index
    context.count(np.count_nonzero(times >= 0, axis=0))
    return _Found(context.symbols.adopted(block.frame), times)


def _ends(context: Context, expr: Call, steps: Steps) -> NDArray[np.int64]:
    """The instants at which info series are looked up: those of the base's own selector."""
    at: At = None
    offset = 0
    for node in walk(expr.args[0]):
        if isinstance(node, VectorSelector):
            at = node.at
            offset = node.offset if isinstance(node.offset, int) else 0
            break
    if at is None:
        return steps.array() - offset
    fixed = {AtEdge.START: context.span.start, AtEdge.END: context.span.end}[at] if isinstance(at, AtEdge) else at
    return np.full(steps.count, fixed - offset, dtype=np.int64)


def _joined(context: Context, base: Vector, plain: NDArray[np.bool_], found: _Found, wanted: _Wanted) -> Vector:
    """Base rows with the labels of their info series; a row of which the labels change over time becomes several."""
    keys = np.concatenate((columns(base.frame, _IDENTIFYING), columns(found.frame, _IDENTIFYING)))
    groups, _ = rows_as_groups(keys)
    mine, theirs = groups[: len(base.frame)], groups[len(base.frame) :]
    names = found.frame.column(METRIC_NAME)
    rows: list[int] = []
    where: list[NDArray[np.bool_]] = []
    labels: list[dict[str, str]] = []
    for row in range(len(base.frame)):
        there = base.occupied()[row]
        if plain[row]:
            parts = [(there, dict[str, str]())]
        else:
            about = np.flatnonzero(theirs == mine[row])
            parts = _enriched(context, base, row, there, found, names, about, wanted)
        for mask, added in parts:
            rows.append(row)
            where.append(mask)
            labels.append(added)
    return _labelled(context, base, rows, where, labels)


def _enriched(
    context: Context,
    base: Vector,
    row: int,
    there: NDArray[np.bool_],
    found: _Found,
    names: NDArray[np.int32],
    about: NDArray[np.int64],
    wanted: _Wanted,
) -> list[tuple[NDArray[np.bool_], dict[str, str]]]:
    """One base series' parts: at which steps it gets which labels."""
    newest = [_newest(context, found, about[names[about] == name], there) for name in np.unique(names[about])]
    if not newest:
        return [(there, {})] if wanted.optional else []
    chosen_rows = np.stack(newest)
    parts: list[tuple[NDArray[np.bool_], dict[str, str]]] = []
    own = {name for name, _ in label_pairs(context.symbols, base.frame, row)}
    for combination in np.unique(chosen_rows[:, there], axis=1).T:
        mask = there & (chosen_rows == combination[:, None]).all(axis=0)
        series = [int(r) for r in combination if r >= 0]
        if series:
            parts.append((mask, _labels(context, found, series, own, wanted)))
        elif wanted.optional:
            parts.append((mask, {}))
    return parts


def _newest(context: Context, found: _Found, rows: NDArray[np.int64], there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Of several series of one info metric the row with the newest sample at each step, −1 for none."""
    times = found.times[rows]
    best = times.max(axis=0)
    tied = ((times == best) & (best >= 0)).sum(axis=0) > 1
    for step in np.flatnonzero(tied & there).tolist():
        pair = rows[np.flatnonzero(times[:, step] == best[step])[:2]]
        first, second = (described(context.symbols, found.frame, int(r)) for r in pair)
        raise EvaluationFailure(
            f"found duplicate series for info metric: existing {first} @ {best[step]}, new {second} @ {best[step]}"
        )
    return np.where(best >= 0, rows[times.argmax(axis=0)], -1)


def _labels(context: Context, found: _Found, series: list[int], own: set[str], wanted: _Wanted) -> dict[str, str]:
    """The labels that info series add to one base series, which keeps its own."""
    asked = {matcher.name for matcher in wanted.labels}
    added: dict[str, str] = {}
    for row in series:
        for name, value in label_pairs(context.symbols, found.frame, row):
            if name == METRIC_NAME or (asked and name not in asked):
                continue
            if added.get(name, value) != value:
                raise EvaluationFailure(f"conflicting label: {name}")
            if name not in own:
                added[name] = value
    return added


def _labelled(
    context: Context,
    base: Vector,
    rows: list[int],
    where: list[NDArray[np.bool_]],
    labels: list[dict[str, str]],
) -> Vector:
    at = np.array(rows, dtype=np.int64)
    mask = np.stack(where) if where else np.zeros((0, base.shape[1]), dtype=np.bool_)
    taken = base.take(at).where(mask)
    frame = taken.frame
    for name in dict.fromkeys(name for added in labels for name in added):
        codes = frame.column(name).copy()
        for i, added in enumerate(labels):
            if name in added:
                codes[i] = context.symbols.intern(added[name])
        frame = with_column(frame, name, codes)
    return Vector(frame, taken.values, taken.present, taken.nameless, taken.histograms)


def _quoted(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\.+*?()|[]{}^$" else char for char in text)
