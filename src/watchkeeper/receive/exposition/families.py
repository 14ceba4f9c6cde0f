"""What the comments of an exposition say about metric families."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.exposition.line import Comment, Field, MetricType
from watchkeeper.receive.exposition.number import format_bound, parse_float

TYPE_LABEL, UNIT_LABEL = "__type__", "__unit__"
_SUFFIXES: dict[MetricType, tuple[str, ...]] = {
    MetricType.COUNTER: ("_total", "_created"),
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count", "_created"),
    MetricType.GAUGEHISTOGRAM: ("_bucket", "_gsum", "_gcount"),
    MetricType.SUMMARY: ("_sum", "_count", "_created"),
    MetricType.INFO: ("_info",),
}
_NUMBERED = {MetricType.HISTOGRAM: "le", MetricType.SUMMARY: "quantile"}


def base_name(name: str, type_: MetricType) -> str:
    """The family that a series called `name` belongs to where its type is `type_`."""
    for suffix in _SUFFIXES.get(type_, ()):
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name


def normalized(labels: Labels, type_: MetricType) -> Labels:
    """`labels` with a histogram's `le` or a summary's `quantile` as OpenMetrics writes it, so that `1` is `1.0`."""
    name = _NUMBERED.get(type_)
    if name is None or name not in labels:
        return labels
    try:
        return labels.with_({name: format_bound(parse_float(labels[name]))})
    except ValueError:
        return labels


@dataclass(slots=True)
class _Family:
    type: MetricType = MetricType.NONE
    help: str = ""
    unit: str = ""

    def take(self, comment: Comment) -> None:
        if comment.field is Field.TYPE:
            self.type = comment.type
        elif comment.field is Field.HELP:
            self.help = comment.text
        elif comment.field is Field.UNIT:
            self.unit = comment.text


class Families:
    """The comments by the vocabulary's entries, and what they add up to."""

    __slots__ = ("_comments", "_current", "_described", "_family")

    def __init__(self) -> None:
        self._comments: dict[int, Comment] = {}
        self._described: dict[int, dict[str, str]] = {}
        self._family = ""
        self._current = _Family()

    def remember(self, entry: int, comment: Comment) -> None:
        """Take in a comment that was just read."""
        self._comments[entry] = comment
        if comment.family != self._family:
            self._family, self._current = comment.family, _Family()
        self._current.take(comment)

    def describe(self, entry: int, name: str) -> None:
        """Note the type and unit labels of the series `entry`, called `name`, that is just being read."""
        current = self._current
        if base_name(name, current.type) not in (self._family, base_name(self._family, current.type)):
            return
        extra = {UNIT_LABEL: current.unit}
        if current.type not in (MetricType.NONE, MetricType.UNKNOWN):
            extra[TYPE_LABEL] = current.type.word
        self._described[entry] = {name: value for name, value in extra.items() if value}

    def description(self, entry: int) -> dict[str, str]:
        """The type and unit labels of a series, as they were noted."""
        return self._described.get(entry, {})

    def metadata(self, entries: Iterable[int]) -> list[MetricMetadata]:
        """What the comments `entries` say, family by family."""
        families: dict[str, _Family] = {}
        for entry in entries:
            comment = self._comments.get(entry)
            if comment is not None:
                families.setdefault(comment.family, _Family()).take(comment)
        return [MetricMetadata(name, f.type.word, f.help, f.unit) for name, f in families.items()]

    def keep(self, entries: NDArray[np.int64]) -> None:
        """Renumber: entry i was entries[i] so far."""
        numbers = {old: new for new, old in enumerate(entries.tolist())}
        self._comments = {numbers[e]: c for e, c in self._comments.items() if e in numbers}
        self._described = {numbers[e]: d for e, d in self._described.items() if e in numbers}


def family_key(labels: Labels, type_: MetricType) -> tuple[str, Labels]:
    """What a metric's samples share: the family's name and the labels without `le` and `quantile`."""
    name = base_name(labels.get(METRIC_NAME, ""), type_)
    own = _NUMBERED.get(type_, METRIC_NAME)
    return name, labels.without(METRIC_NAME, own)
