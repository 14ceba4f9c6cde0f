"""The text format as metric families, gathered as Go's parser of them does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from watchkeeper.receive.exposition import ExpositionFailure
from watchkeeper.receive.exposition.descriptor import metric_family
from watchkeeper.receive.exposition.line import Blank, Comment, Field, MetricType, Sample
from watchkeeper.receive.exposition.number import parse_float
from watchkeeper.receive.exposition.text import read_line
from watchkeeper.receive.pushgateway.failure import PushFailure

COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM = range(5)
_NUMBERS = {
    MetricType.COUNTER: COUNTER,
    MetricType.GAUGE: GAUGE,
    MetricType.SUMMARY: SUMMARY,
    MetricType.UNKNOWN: UNTYPED,
    MetricType.HISTOGRAM: HISTOGRAM,
}
_SCALARS = {COUNTER: "counter", GAUGE: "gauge", UNTYPED: "untyped"}
_SUFFIXES = {SUMMARY: ("_count", "_sum"), HISTOGRAM: ("_count", "_sum", "_bucket")}
_WHOLE = 1 << 64


def families_of_text(body: bytes) -> dict[str, Any]:
    """The families of a body in the text format, by name. Raises PushFailure."""
    reader = _Reader()
    number = 0
    at = 0
    while at < len(body):
        number += 1
        try:
            line = read_line(body, at)
            if line.following > len(body) and not isinstance(line, Blank):
                raise ExpositionFailure("unexpected end of input stream")
            reader.take(line)
        except (ExpositionFailure, ValueError) as why:
            raise PushFailure(f"text format parsing error in line {number}: {_bare(why)}") from None
        at = line.following
    return {name: family for name, family in reader.families.items() if len(family.metric)}


def _bare(why: Exception) -> str:
    text = str(why)
    text = text.partition(": ")[2] if text.startswith("line ") else text
    # Here the real one's words are known to the letter.
    return text.partition(" in ")[0] if text.startswith("unknown metric type") else text


class _Reader:
    def __init__(self) -> None:
        self.families: dict[str, Any] = {}
        self._typed: set[str] = set()
        self._helped: set[str] = set()
        self._metrics: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}

    def take(self, line: object) -> None:
        """One line. Raises ValueError."""
        if isinstance(line, Comment) and line.field is not None:
            self._describe(line)
        elif isinstance(line, Sample):
            self._sample(line)

    def _describe(self, line: Comment) -> None:
        family = self._family(line.family)
        if line.field is Field.HELP:
            if line.family in self._helped:
                raise ValueError(f'second HELP line for metric name "{line.family}"')
            self._helped.add(line.family)
            family.help = line.text.encode()
        elif line.field is Field.TYPE:
            if line.family in self._typed or len(family.metric):
                raise ValueError(f'second TYPE line for metric name "{line.family}", or TYPE reported after samples')
            self._typed.add(line.family)
            family.type = _NUMBERS[line.type]

    def _family(self, name: str) -> Any:
        if name not in self.families:
            self.families[name] = metric_family()(name=name.encode(), type=UNTYPED)
        return self.families[name]

    def _home(self, name: str) -> tuple[Any, str]:
        """The family that a sample's name belongs to, and what follows that in the name."""
        if name in self.families:
            return self.families[name], ""
        for kind, suffixes in _SUFFIXES.items():
            for suffix in suffixes:
                family = self.families.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
                if family is not None and family.type == kind:
                    return family, suffix
        return self._family(name), ""

    def _sample(self, line: Sample) -> None:
        name = line.series.name
        pairs = line.series.pairs
        if len({label for label, _ in pairs}) < len(pairs):
            raise ValueError(f'duplicate label names for metric "{name}"')
        if any(label == "__name__" for label, _ in pairs):
            raise ValueError('label name "__name__" is reserved')
        family, suffix = self._home(name)
        if family.type in _SCALARS:
            metric = _metric(family, pairs)
            getattr(metric, _SCALARS[family.type]).value = line.value
        elif family.type == SUMMARY:
            metric = self._grouped(family, pairs, "quantile")
            _fill(metric.summary, suffix, line.value, lambda value: _quantile(metric, dict(pairs), value))
        else:
            metric = self._grouped(family, pairs, "le")
            _fill(metric.histogram, suffix, line.value, lambda value: _bucket(metric, dict(pairs), value))
        if line.timestamp is not None:
            metric.timestamp_ms = line.timestamp

    def _grouped(self, family: Any, pairs: tuple[tuple[str, str], ...], own: str) -> Any:
        """The metric of those labels but `own`: a histogram or summary has several lines."""
        rest = tuple(sorted(pair for pair in pairs if pair[0] != own))
        key = (family.name.decode(), rest)
        if key not in self._metrics:
            self._metrics[key] = _metric(family, rest)
        return self._metrics[key]


def _metric(family: Any, pairs: tuple[tuple[str, str], ...]) -> Any:
    metric = family.metric.add()
    for name, value in pairs:
        metric.label.add(name=name.encode(), value=value.encode())
    return metric


def _fill(part: Any, suffix: str, value: float, otherwise: Callable[[float], None]) -> None:
    if suffix == "_sum":
        part.sample_sum = value
    elif suffix == "_count":
        part.sample_count = _whole(value)
    else:
        otherwise(value)


def _whole(value: float) -> int:
    if not math.isfinite(value) or not 0 <= value < _WHOLE:
        raise ValueError(f"expected a count, got {value}")
    return int(value)


def _quantile(metric: Any, labels: dict[str, str], value: float) -> None:
    if "quantile" not in labels:
        raise ValueError("expected a quantile label on a summary's sample")
    metric.summary.quantile.add(quantile=_bound(labels["quantile"], "quantile"), value=value)


def _bucket(metric: Any, labels: dict[str, str], value: float) -> None:
    if "le" not in labels:
        raise ValueError("expected an le label on a histogram's bucket")
    metric.histogram.bucket.add(upper_bound=_bound(labels["le"], "le"), cumulative_count=_whole(value))


def _bound(text: str, label: str) -> float:
    try:
        return parse_float(text)
    except ValueError:
        raise ValueError(f"expected float as value for '{label}' label, got \"{text}\"") from None
