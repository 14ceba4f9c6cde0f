"""At which thresholds a rule would have fired how often."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.duration import format_duration
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.rules.backtest.asking import Asker, Piece
from watchkeeper.rules.backtest.course import Alarms
from watchkeeper.rules.backtest.sighting import Seen, Sighting, varies
from watchkeeper.rules.backtest.threshold import NoThreshold, Threshold, threshold_of
from watchkeeper.rules.failure import RulesFailure
from watchkeeper.rules.rule import AlertingRule

WEEK_MS = 7 * 86_400_000
_PER_WEEK = {"hour": 168.0, "day": 7.0, "week": 1.0, "month": 84 / 365}
_SHARES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 1.0)
_BEYOND = (0.05, 0.2)
_COARSE = 500
"""From so many instants the candidates are taken; their firings are counted at every evaluation."""
_CELLS = 1_000_000
_FIRST_STEPS, _MOST_STEPS = 240, 4000


class AimFailure(RulesFailure):
    """A text that is no aim."""


@dataclass(frozen=True, slots=True)
class Aim:
    """So many firings of a rule are welcome: `text` as it was written, such as `1/week`."""

    per_week: float
    text: str

    @classmethod
    def parse(cls, text: str) -> Aim:
        """An aim such as `1/week`, `2/day` or `0.5/month`. Raises AimFailure."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)/(hour|day|week|month)", text)
        if match is None:
            raise AimFailure(f'"{text}" is no number of firings in a time: 1/week, 2/day or 3/month would be right')
        return cls(float(match[1]) * _PER_WEEK[match[2]], text)


@dataclass(frozen=True, slots=True)
class Level:
    """At this threshold the rule would have fired so often."""

    threshold: float
    firings: int
    per_week: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Thresholds from the one that fires most to the strictest, the one to take (or None), and both in a sentence."""

    text: str
    levels: Sequence[Level] = ()
    threshold: float | None = None


def suggested(rule: AlertingRule, asker: Asker, instants: NDArray[np.int64], interval_ms: int, aim: Aim) -> Suggestion:
    """Thresholds for a rule from what its expression gave at instants that are `interval_ms` apart.

    Raises PromqlFailure where it is cancelled or takes too long, and StoreFailure.
    """
    found = threshold_of(rule.query)
    if isinstance(found, NoThreshold):
        return Suggestion(f"no threshold can be suggested: {found.why}")
    if any(varies(text) for _, text in rule.labels):
        return Suggestion("no threshold can be suggested: labels of the rule depend on the value")
    values = _coarse(asker, found.measured, instants)
    if not values.size:
        return Suggestion(f"no threshold can be suggested: {found.measured} had no values in this time")
    counted = _counted(rule, found, asker, instants, _candidates(found, values))
    span = instants.size * interval_ms
    levels = [Level(one, count, count * WEEK_MS / span) for one, count in counted]
    return _chosen(found, levels, aim, span)


def _coarse(asker: Asker, measured: str, instants: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values of all series, at some of the instants."""
    some = instants[:: max(1, instants.size // _COARSE)]
    found = [piece.result.values[piece.result.present] for piece in asker.pieces(measured, some) if piece.result]
    values = np.concatenate(found) if found else np.zeros(0)
    return values[np.isfinite(values)]


def _candidates(found: Threshold, values: NDArray[np.float64]) -> list[float]:
    """Thresholds from loose to strict, the rule's own among them, and some beyond what was seen at these instants."""
    shares = 1 - np.array(_SHARES) if found.below else np.array(_SHARES)
    seen: list[float] = np.quantile(values, shares).tolist()
    beyond = [seen[-1] + share * (seen[-1] - seen[0]) for share in _BEYOND]
    rounded = {float(f"{value:.3g}") for value in (*seen, *beyond)}
    return sorted({*rounded, found.value}, reverse=found.below)


def _counted(
    rule: AlertingRule, found: Threshold, asker: Asker, instants: NDArray[np.int64], candidates: Sequence[float]
) -> list[tuple[float, int]]:
    """How often the rule would have fired at each threshold."""
    alarms = [Alarms(rule) for _ in candidates]
    begin, steps = 0, _FIRST_STEPS
    while begin < instants.size:
        most = 1
        for piece in asker.pieces(found.measured, instants[begin : begin + steps]):
            most = max(most, len(piece.result or ()))
            for one, threshold in zip(alarms, candidates, strict=True):
                _take(one, piece, found, threshold)
        begin += steps
        steps = max(1, min(_CELLS // most, _MOST_STEPS))
    return [(threshold, len(one.end())) for one, threshold in zip(alarms, candidates, strict=True)]


def _take(alarms: Alarms, piece: Piece, found: Threshold, threshold: float) -> None:
    instants = piece.instants.tolist()
    if piece.result is None:
        alarms.fail(instants, piece.failure)
    else:
        alarms.take(instants, _seen(piece, found, threshold), _unannotated)


def _seen(piece: Piece, found: Threshold, threshold: float) -> Seen:
    assert piece.result is not None
    result = piece.result
    reached = result.present & found.reached(result.values, threshold)
    alerts: dict[Labels, Sighting] = {}
    for row in np.flatnonzero(reached.any(axis=1)).tolist():
        steps = np.flatnonzero(reached[row])
        labels = result.frame.labels(row).without(METRIC_NAME)
        alerts[labels] = Sighting(steps.tolist(), result.values[row, steps].tolist(), [row] * steps.size)
    return Seen(alerts)


def _unannotated(row: int, step: int) -> Labels:
    return Labels()


def _chosen(found: Threshold, levels: Sequence[Level], aim: Aim, span: int) -> Suggestion:
    """The loosest threshold from which on none fires more often than is welcome."""
    chosen: Level | None = None
    for level in reversed(levels):
        if level.per_week > aim.per_week:
            break
        chosen = level
    time = format_duration(span)
    if chosen is None:
        return Suggestion(f"at no threshold that was tried it would have fired as seldom as {aim.text}", levels)
    text = f"at {found.op} {chosen.threshold:g} {would_have_fired(chosen.firings)} in {time} (wanted: {aim.text})"
    return Suggestion(text, levels, chosen.threshold)


def would_have_fired(count: int) -> str:
    """So many firings in words."""
    if not count:
        return "it would never have fired"
    return f"it would have fired {({1: 'once', 2: 'twice'}).get(count, f'{count} times')}"
