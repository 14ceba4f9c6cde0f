"""One request's protobuf, level by level, into rows."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.otlp.book import Book, Metric, Resource, Scope
from watchkeeper.receive.otlp.failure import Malformed, TooLarge
from watchkeeper.receive.otlp.labelling import resource_labels, scope_labels
from watchkeeper.receive.otlp.messages import messages
from watchkeeper.receive.otlp.naming import InvalidName, Kind, metric_name, unit_name
from watchkeeper.receive.otlp.points import Points
from watchkeeper.receive.otlp.rows import Rows
from watchkeeper.receive.otlp.translation import Translation

_GAUGE, _SUM, _HISTOGRAM, _EXPONENTIAL, _SUMMARY = "gauge", "sum", "histogram", "exponential_histogram", "summary"
_DATA = (_GAUGE, _SUM, _HISTOGRAM, _EXPONENTIAL, _SUMMARY)
_TYPES = {_GAUGE: "gauge", _HISTOGRAM: "histogram", _EXPONENTIAL: "histogram", _SUMMARY: "summary"}
_DELTA, _CUMULATIVE = 1, 2
_MOST_INFO = 1000
"""Samples of one resource's `target_info` in one request."""


def translate(request: bytes, book: Book, rules: Translation, most: int) -> Rows:
    """The rows of an encoded ExportMetricsServiceRequest, at most `most`. Raises Malformed or TooLarge."""
    return _Translator(book, rules, most).run(request)


class _Translator:
    def __init__(self, book: Book, rules: Translation, most: int) -> None:
        self._book = book
        self._rules = rules
        self._most = most
        self._known = messages()
        self._rows = Rows()
        self._parts = 0

    def run(self, request: bytes) -> Rows:
        self._book.tidy()
        try:
            for raw in self._each(_parsed(self._known.Request, request).resource_metrics):
                self._resource(_parsed(self._known.ResourceMetrics, raw))
        except BaseException:
            for metric in self._rows.told:
                metric.told = None
            raise
        return self._rows

    def _each(self, parts: Any) -> Any:
        """The parts of a message, once it is clear that the request does not have too many of them."""
        self._parts += len(parts)
        if self._parts > self._most:
            raise TooLarge(f"the request holds more than {self._most} parts")
        return parts

    def _resource(self, message: Any) -> None:
        book = self._book
        resource = book.resources.get(message.resource)
        if resource is None:
            try:
                labels = resource_labels(message.resource, self._rules)
            except InvalidName as problem:
                self._reject_all(message, str(problem))
                return
            told = labels.target_info
            entry = None if told is None else book.entry(told, "target_info")
            resource = book.resources[message.resource] = Resource(labels, entry)
        begin = len(self._rows)
        for raw in self._each(message.scope_metrics):
            self._scope(resource, _parsed(self._known.ScopeMetrics, raw))
        if resource.target_info is not None and len(self._rows) > begin:
            self._target_info(resource.target_info, begin)

    def _scope(self, resource: Resource, message: Any) -> None:
        key = (message.scope, message.schema_url)
        scope = resource.scopes.get(key)
        if scope is None:
            try:
                scope = Scope(scope_labels(message.scope, message.schema_url, self._rules))
            except InvalidName as problem:
                for raw in self._each(message.metrics):
                    self._reject_metric(_parsed(self._known.Metric, raw), str(problem))
                return
            resource.scopes[key] = scope
        for raw in self._each(message.metrics):
            self._metric(resource, scope, _parsed(self._known.Metric, raw))

    def _metric(self, resource: Resource, scope: Scope, message: Any) -> None:
        form = next((name for name in _DATA if message.HasField(name)), None)
        if form is None:
            return
        payload: bytes = getattr(message, form)
        data = _parsed(self._known.Data, payload)
        count = len(self._each(data.data_points))
        if not count:
            return
        self._rows.points += count
        kind = Kind.GAUGE if form == _GAUGE else Kind.COUNTER if form == _SUM and data.is_monotonic else Kind.OTHER
        try:
            metric = self._known_metric(scope, message, form, kind)
        except (InvalidName, UnicodeDecodeError) as problem:
            self._rows.reject(count, str(problem))
            return
        temporality = data.aggregation_temporality
        if form not in (_GAUGE, _SUMMARY) and temporality not in (_DELTA, _CUMULATIVE):
            name = message.name.decode()
            self._rows.reject(count, f'invalid temporality and type combination for metric "{name}"')
            return
        points = Points(self._book, self._rules, self._rows, self._most, resource, scope, metric)
        self._take(points, form, payload, delta=temporality == _DELTA)
        self._tell(metric, message.description)

    def _take(self, points: Points, form: str, payload: bytes, *, delta: bool) -> None:
        if form in (_GAUGE, _SUM):
            points.numbers(payload, gauge=form == _GAUGE, delta=delta and form == _SUM)
        elif form == _SUMMARY:
            points.summaries(payload)
        elif form == _EXPONENTIAL or self._rules.histograms_to_nhcb:
            points.native(payload, is_explicit=form == _HISTOGRAM, delta=delta)
        else:
            points.explicit(payload, delta=delta)

    def _known_metric(self, scope: Scope, message: Any, form: str, kind: Kind) -> Metric:
        key = (message.name, message.unit, f"{form} {kind.name}")
        metric = scope.metrics.get(key)
        if metric is None:
            unit = message.unit.decode()
            name = metric_name(message.name.decode(), unit, kind, self._rules)
            type_ = _TYPES.get(form, "counter" if kind is Kind.COUNTER else "gauge")
            word = unit_name(unit, self._rules)
            extra = {"__type__": type_, "__unit__": word} if self._rules.type_and_unit_labels else {}
            metric = scope.metrics[key] = Metric(name, type_, word, extra)
        return metric

    def _tell(self, metric: Metric, description: bytes) -> None:
        if metric.told == description:
            return
        metric.told = description
        self._rows.told.append(metric)
        text = description.decode("utf-8", "replace")
        self._rows.metadata.append(MetricMetadata(metric.name, metric.type, text, metric.unit))

    def _target_info(self, entry: int, begin: int) -> None:
        """A sample for every while between the resource's first and last data point, and one at the last."""
        times = self._rows.times[begin:]
        last, every = max(times) // 1_000_000, self._rules.target_info_every_ms
        first = max(min(times) // 1_000_000, last - _MOST_INFO * every)
        for time in [*range(first, last, every), last]:
            self._rows.add(entry, time * 1_000_000, 0, 1.0)

    def _reject_all(self, message: Any, problem: str) -> None:
        for raw in self._each(message.scope_metrics):
            for one in self._each(_parsed(self._known.ScopeMetrics, raw).metrics):
                self._reject_metric(_parsed(self._known.Metric, one), problem)

    def _reject_metric(self, message: Any, problem: str) -> None:
        for name in _DATA:
            if message.HasField(name):
                count = len(self._each(_parsed(self._known.Data, getattr(message, name)).data_points))
                self._rows.points += count
                self._rows.reject(count, problem)


def _parsed(kind: Any, raw: bytes) -> Any:
    try:
        return kind.FromString(raw)
    except DecodeError:
        raise Malformed("the body is not the protobuf message that it is said to be") from None
