"""Where in a piece each alert of a rule is seen."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.rules.alerting import ALERT_NAME, Surroundings
from watchkeeper.rules.backtest.asking import Piece
from watchkeeper.rules.expansion import AlertData, RuleTemplate, Sample
from watchkeeper.rules.rule import AlertingRule, Pairs

SAME_LABELS = "vector contains metrics with the same labelset after applying alert labels"
_PLAIN = re.compile(
    r"\{\{-?\s*(?:\$labels|\.Labels|\$externalLabels|\$externalURL)(?:\.\w+)?(?:\s*\|\s*(?!query\b)\w+)*\s*-?\}\}"
)
"""A label of the series or of the house, perhaps through functions of one argument that look at nothing else."""


@dataclass(slots=True)
class Sighting:
    """Where one alert is found: `steps` of the piece, rising; `values` and the result's `rows` belong to them."""

    steps: list[int] = field(default_factory=list[int])
    values: list[float] = field(default_factory=list[float])
    rows: list[int] = field(default_factory=list[int])

    def within(self, first: int, end: int) -> Sighting:
        """The part in the steps from `first` to before `end`."""
        a, b = np.searchsorted(self.steps, (first, end)).tolist()
        return Sighting(self.steps[a:b], self.values[a:b], self.rows[a:b])


@dataclass(frozen=True, slots=True)
class Seen:
    """The alerts of a piece, and the steps at which two had the same labels, which is a failure of the rule."""

    alerts: dict[Labels, Sighting]
    ambiguous: Sequence[int] = ()


class Labeller:
    """The labels and annotations of a rule's alerts."""

    def __init__(self, rule: AlertingRule, around: Surroundings, query: Callable[[str, int], Sequence[Sample]]) -> None:
        self._rule = rule
        self._around = around
        self._query = query
        self._labels = _compiled(rule.labels, rule.name)
        self._annotations = _compiled(rule.annotations, rule.name)
        self._varying = any(varies(text) for _, text in rule.labels)

    def seen(self, piece: Piece) -> Seen:
        """Which alerts are found where."""
        assert piece.result is not None
        there = piece.occupied()
        values = np.where(piece.result.present, piece.result.values, 0.0)
        found: defaultdict[Labels, Sighting] = defaultdict(Sighting)
        for row, labels in enumerate(piece.labels()):
            steps = np.flatnonzero(there[row])
            numbers = values[row, steps].tolist()
            named = self._named(piece, labels, row, steps.tolist())
            for step, value, name in zip(steps.tolist(), numbers, named, strict=True):
                sighting = found[name]
                sighting.steps.append(step)
                sighting.values.append(value)
                sighting.rows.append(row)
        return _ordered(dict(found))

    def annotations(self, piece: Piece, row: int, step: int) -> Labels:
        """An alert's annotations as of one step."""
        assert piece.result is not None
        at = int(piece.instants[step])
        seen = piece.result.frame.labels(row)
        return Labels(self._expanded(self._annotations, seen, piece.value(row, step), at))

    def _named(self, piece: Piece, seen: Labels, row: int, steps: Sequence[int]) -> list[Labels]:
        """The alert's labels at each of the steps."""
        if not self._varying and steps:
            return [self._name(piece, seen, row, steps[0])] * len(steps)
        return [self._name(piece, seen, row, step) for step in steps]

    def _name(self, piece: Piece, seen: Labels, row: int, step: int) -> Labels:
        expanded = self._expanded(self._labels, seen, piece.value(row, step), int(piece.instants[step]))
        return Labels({**seen, METRIC_NAME: "", **dict(expanded), ALERT_NAME: self._rule.name})

    def _expanded(
        self, texts: Sequence[tuple[str, RuleTemplate]], seen: Labels, value: float | str, at: int
    ) -> list[tuple[str, str]]:
        data = AlertData(seen, self._around.external_labels, self._around.external_url, value)
        return [(name, text.expand(data, lambda query: self._query(query, at), at / 1000)) for name, text in texts]


def varies(text: str) -> bool:
    """Say whether a label's text may differ from one evaluation to the next while its series is the same."""
    return "{{" in _PLAIN.sub("", text)


def _compiled(pairs: Pairs, alert: str) -> list[tuple[str, RuleTemplate]]:
    return [(name, RuleTemplate(text, alert)) for name, text in pairs]


def _ordered(found: dict[Labels, Sighting]) -> Seen:
    """The sightings in the order of their steps: where several series make one alert they may take turns."""
    ambiguous: set[int] = set()
    for sighting in found.values():
        steps = np.array(sighting.steps)
        if not (steps[1:] <= steps[:-1]).any():
            continue
        order = np.argsort(steps, kind="stable").tolist()
        sighting.steps = [sighting.steps[i] for i in order]
        sighting.values = [sighting.values[i] for i in order]
        sighting.rows = [sighting.rows[i] for i in order]
        ordered = steps[order]
        ambiguous.update(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    return Seen(found, sorted(ambiguous))
