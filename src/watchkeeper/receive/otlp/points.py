"""Data points as rows, one metric at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from watchkeeper.model.histogram import Histogram, InvalidHistogram
from watchkeeper.receive.otlp.attributes import attributes_of, plain_number
from watchkeeper.receive.otlp.book import Attributes, Book, Family, Metric, Resource, Scope
from watchkeeper.receive.otlp.exemplars import exemplars_of
from watchkeeper.receive.otlp.failure import Malformed, TooLarge
from watchkeeper.receive.otlp.labelling import series_labels
from watchkeeper.receive.otlp.messages import messages
from watchkeeper.receive.otlp.naming import InvalidName
from watchkeeper.receive.otlp.native import explicit, exponential
from watchkeeper.receive.otlp.rows import Delta, Rows
from watchkeeper.receive.otlp.translation import Translation

_NO_RECORDED_VALUE = 1
_INFINITY = float("inf")


class Points:
    """Takes the data points of one metric of one scope into `rows`."""

    def __init__(
        self, book: Book, rules: Translation, rows: Rows, most: int, resource: Resource, scope: Scope, metric: Metric
    ) -> None:
        self._book = book
        self._rules = rules
        self._rows = rows
        self._most = most
        self._resource = resource
        self._scope = scope
        self._metric = metric

    def numbers(self, payload: bytes, *, gauge: bool, delta: bool) -> None:
        """A gauge's or sum's points. Raises Malformed or TooLarge."""
        points = _parsed(messages().Numbers, payload)
        rows, series = self._rows, self._metric.series
        self._reserve(len(points))
        # The hot path of all: nothing here but what every point needs.
        for point in points:
            key = tuple(point.attributes)
            entry = series.get(key)
            if entry is None:
                entry = self._new_series(key)
                if entry is None:
                    continue
            rows.entries.append(entry)
            rows.times.append(point.time_unix_nano)
            rows.starts.append(0 if gauge else point.start_time_unix_nano)
            # An absent field reads as 0, and −0.0 is worth keeping.
            rows.values.append(point.as_double or point.as_int or point.as_double)
            if point.flags & _NO_RECORDED_VALUE:
                rows.stale.append(len(rows) - 1)
            elif delta:
                self._increment(entry, len(rows) - 1, 1, point)
            if not gauge and point.exemplars:
                self._exemplars(point, lambda _value, entry=entry: entry)

    def explicit(self, payload: bytes, *, delta: bool) -> None:
        """An explicit histogram's points as classic histograms. Raises Malformed or TooLarge."""
        for point in _parsed(messages().Histograms, payload):
            family = self._family(tuple(point.attributes))
            if family is None:
                continue
            counts = list(point.bucket_counts)
            bounds = tuple(point.explicit_bounds)[: len(counts)]
            buckets = self._buckets(family, bounds)
            values: list[float] = [float(point.count)]
            total = 0
            for count in counts[: len(bounds)]:
                total += count
                values.append(float(total))
            values.append(float(point.count))
            entries = [family.count, *buckets]
            if point.HasField("sum"):
                entries.append(family.sum)
                values.append(point.sum)
            self._add(point, entries, values, bounds, delta=delta)
            if point.exemplars:
                ends = (*bounds, _INFINITY)
                self._exemplars(point, lambda value, ends=ends, buckets=buckets: _bucket(value, ends, buckets))

    def native(self, payload: bytes, *, is_explicit: bool, delta: bool) -> None:
        """A histogram's points as native histograms. Raises Malformed or TooLarge."""
        known = messages()
        points = _parsed(known.Histograms if is_explicit else known.ExponentialHistograms, payload)
        read: Callable[[Any], Histogram] = explicit if is_explicit else exponential
        self._reserve(len(points))
        for point in points:
            key = tuple(point.attributes)
            entry = self._metric.series.get(key)
            if entry is None:
                entry = self._new_series(key)
            if entry is not None:
                self._take_native(point, entry, read, delta=delta)

    def summaries(self, payload: bytes) -> None:
        """A summary's points. Raises Malformed or TooLarge."""
        for point in _parsed(messages().Summaries, payload):
            family = self._family(tuple(point.attributes))
            if family is None:
                continue
            at = tuple(one.quantile for one in point.quantile_values)
            if at not in family.parts:
                family.parts[at] = [
                    self._book.entry({**family.base, "quantile": plain_number(q)}, self._metric.name) for q in at
                ]
            values = [one.value for one in point.quantile_values]
            entries = [family.sum, family.count, *family.parts[at]]
            self._add(point, entries, [point.sum, float(point.count), *values], at, delta=False)

    def _take_native(self, point: Any, entry: int, read: Callable[[Any], Histogram], *, delta: bool) -> None:
        rows = self._rows
        if point.flags & _NO_RECORDED_VALUE:
            rows.stale.append(len(rows))
            rows.add(entry, point.time_unix_nano, point.start_time_unix_nano, 0.0)
            return
        try:
            histogram = read(point)
        except InvalidHistogram as problem:
            rows.reject(1, f"{self._metric.name}: {problem}")
            return
        row = len(rows)
        rows.histograms[row] = histogram
        rows.add(entry, point.time_unix_nano, point.start_time_unix_nano, 0.0)
        if delta:
            self._increment(entry, row, 1, point)
        if point.exemplars:
            self._exemplars(point, lambda _value: entry)

    def _add(
        self, point: Any, entries: list[int], values: list[float], shape: tuple[float, ...], *, delta: bool
    ) -> None:
        rows = self._rows
        self._reserve(len(entries))
        row = len(rows)
        rows.add_all(entries, point.time_unix_nano, point.start_time_unix_nano, values)
        if point.flags & _NO_RECORDED_VALUE:
            rows.stale.extend(range(row, row + len(entries)))
        elif delta:
            self._increment(entries[0], row, len(entries), point, shape)

    def _increment(self, entry: int, row: int, count: int, point: Any, shape: tuple[float, ...] = ()) -> None:
        stream = self._book.labels[entry]
        self._rows.deltas.append(Delta(stream, row, count, point.time_unix_nano, point.start_time_unix_nano, shape))

    def _exemplars(self, point: Any, entry_of: Callable[[float], int | None]) -> None:
        for labels, value, time in exemplars_of(point.exemplars):
            entry = entry_of(value)
            if entry is not None:
                self._rows.exemplars.append((entry, labels, value, time))

    def _labels(self, key: Attributes) -> dict[str, str] | None:
        try:
            found = series_labels(attributes_of(key), self._resource.labels, self._scope.labels, self._rules)
        except InvalidName as problem:
            self._rows.reject(1, f"{self._metric.name}: {problem}")
            return None
        for name, value in self._metric.extra.items():
            found.setdefault(name, value)
        return found

    def _new_series(self, key: Attributes) -> int | None:
        labels = self._labels(key)
        if labels is None:
            return None
        entry = self._metric.series[key] = self._book.entry(labels, self._metric.name)
        return entry

    def _family(self, key: Attributes) -> Family | None:
        found = self._metric.families.get(key)
        if found is not None:
            return found
        base = self._labels(key)
        if base is None:
            return None
        name = self._metric.name
        found = Family(base, self._book.entry(base, name + "_sum"), self._book.entry(base, name + "_count"))
        self._metric.families[key] = found
        return found

    def _buckets(self, family: Family, bounds: tuple[float, ...]) -> list[int]:
        found = family.parts.get(bounds)
        if found is None:
            self._reserve(len(bounds))
            name = self._metric.name + "_bucket"
            ends = [*(plain_number(bound) for bound in bounds), "+Inf"]
            found = family.parts[bounds] = [self._book.entry({**family.base, "le": end}, name) for end in ends]
        return found

    def _reserve(self, more: int) -> None:
        if len(self._rows) + more > self._most:
            raise TooLarge(f"the request holds more than {self._most} samples")


def _bucket(value: float, ends: tuple[float, ...], entries: list[int]) -> int | None:
    """The bucket into which an exemplar falls, none for NaN."""
    return next((entry for end, entry in sorted(zip(ends, entries, strict=True)) if value <= end), None)


def _parsed(kind: Any, payload: bytes) -> Any:
    try:
        return kind.FromString(payload).data_points
    except DecodeError:
        raise Malformed("a metric's data points are no valid protobuf messages") from None
