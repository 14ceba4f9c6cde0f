"""Classic histograms of a load, once more as native ones with custom buckets (`load_with_nhcb`)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchkeeper.model.histogram import from_classic, validate
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.query.promql.numerals import parse_number
from watchkeeper.query.promql.script.command import HistogramPoint, Point, Series

_BOUND = "le"


@dataclass(slots=True)
class _Classic:
    """What is known of one classic histogram at one step."""

    buckets: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    count: float | None = None
    sum: float = 0.0


def custom_histograms(series: Iterable[Series]) -> list[Series]:
    """The native series of the classic ones among `series`. Raises InvalidHistogram where the buckets contradict."""
    gathered: dict[Labels, dict[int, _Classic]] = {}
    for one in series:
        base, _, suffix = one.labels.get(METRIC_NAME, "").rpartition("_")
        if suffix not in ("bucket", "count", "sum"):
            continue
        bound = _bound(one.labels) if suffix == "bucket" else 0.0
        if bound is None:
            continue
        steps = gathered.setdefault(one.labels.without(_BOUND).with_({METRIC_NAME: base}), {})
        for step, point in enumerate(one.points):
            if isinstance(point, float):
                _gather(steps.setdefault(step, _Classic()), suffix, bound, point)
    return [Series(labels, _points(steps)) for labels, steps in gathered.items()]


def _bound(labels: Labels) -> float | None:
    text = labels.get(_BOUND, "")
    value = parse_number(text.lstrip("+-"))
    if value is None or math.isnan(value):
        return None
    return -value if text.startswith("-") else value


def _gather(classic: _Classic, suffix: str, bound: float, value: float) -> None:
    if suffix == "bucket":
        classic.buckets.append((bound, value))
    elif suffix == "count":
        classic.count = value
    else:
        classic.sum = value


def _points(steps: dict[int, _Classic]) -> tuple[Point, ...]:
    points: list[Point] = [None] * (max(steps, default=-1) + 1)
    for step, classic in steps.items():
        histogram = from_classic(classic.buckets, classic.count, classic.sum)
        validate(histogram)
        points[step] = HistogramPoint(histogram)
    return tuple(points)
