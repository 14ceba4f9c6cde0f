"""The decoder of Prometheus' protobuf exposition: length-delimited `MetricFamily` messages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from watchkeeper.model.histogram import InvalidHistogram
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.exposition.descriptor import metric_family
from watchkeeper.receive.exposition.exposition import NO_TIMESTAMP, Exposition
from watchkeeper.receive.exposition.failure import ExpositionFailure
from watchkeeper.receive.exposition.families import TYPE_LABEL, UNIT_LABEL
from watchkeeper.receive.exposition.line import ExemplarText, MetricType
from watchkeeper.receive.exposition.native import converted, is_native, native_histogram
from watchkeeper.receive.exposition.number import format_bound
from watchkeeper.receive.exposition.rows import Gathering, Names

_TYPES = (
    MetricType.COUNTER,
    MetricType.GAUGE,
    MetricType.SUMMARY,
    MetricType.UNKNOWN,
    MetricType.HISTOGRAM,
    MetricType.GAUGEHISTOGRAM,
)
_HISTOGRAMS = frozenset({MetricType.HISTOGRAM, MetricType.GAUGEHISTOGRAM})
_SPARE_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    type: MetricType
    help: str
    unit: str
    extra: tuple[str, ...]

    def key(self, suffix: str, labels: tuple[str, ...], *more: str) -> tuple[str, ...]:
        """The flat pairs of one of the family's series."""
        return (METRIC_NAME, self.name + suffix, *labels, *self.extra, *more)


class ProtobufDecoder:
    """Decodes the protobuf format for one target.

    `native` takes native histograms, `classic` classic ones also beside native ones or those `convert`ed from them.
    """

    def __init__(self, *, native: bool, classic: bool, convert: bool, type_and_unit_labels: bool = False) -> None:
        self._native = native
        self._classic = classic
        self._convert = convert
        self._type_and_unit_labels = type_and_unit_labels
        self._names = Names()
        self._iteration = 0
        self._metadata: list[MetricMetadata] = []

    def __len__(self) -> int:
        return len(self._names)

    def labels(self, entry: int) -> Labels:
        """The labels of a series met earlier."""
        return self._names.labels(entry)

    def decode(self, body: bytes) -> Exposition:
        """The columns of `body`. Raises ExpositionFailure."""
        self._iteration += 1
        rows = Gathering(self._names, self._iteration)
        metadata: list[MetricMetadata] = []
        for message in read_messages(body):
            family = self._family(message)
            metadata.append(MetricMetadata(family.name, family.type.word, family.help, family.unit))
            for metric in message.metric:
                self._take(rows, family, metric)
        changed = metadata != self._metadata
        self._metadata = metadata
        return rows.exposition(metadata if changed else None)

    def tidy(self) -> NDArray[np.int64] | None:
        """Forget the entries that the last body did not have, once they are more than those it had."""
        kept = [entry for entry, seen in enumerate(self._names.seen) if seen == self._iteration]
        if len(self._names) <= 2 * len(kept) + _SPARE_ENTRIES:
            return None
        self._names.keep(kept)
        return np.array(kept, dtype=np.int64)

    def _family(self, message: Any) -> _Family:
        name, unit = _text(message.name), _text(message.unit)
        if not name:
            raise ExpositionFailure("a metric family has no name")
        if not 0 <= message.type < len(_TYPES):
            raise ExpositionFailure(f'unknown type {message.type} of the metric "{name}": right would be 0 to 5')
        type_ = _TYPES[message.type]
        measured = name.removesuffix("_total") if type_ is MetricType.COUNTER else name
        if unit and not measured.endswith("_" + unit):
            raise ExpositionFailure(f'the unit "{unit}" is not a suffix of the metric "{name}"')
        return _Family(name, type_, _text(message.help), unit, self._extra(type_, unit))

    def _extra(self, type_: MetricType, unit: str) -> tuple[str, ...]:
        if not self._type_and_unit_labels:
            return ()
        typed = () if type_ is MetricType.UNKNOWN else (TYPE_LABEL, type_.word)
        return (*typed, UNIT_LABEL, unit) if unit else typed

    def _take(self, rows: Gathering, family: _Family, metric: Any) -> None:
        labels = _pairs(family, metric.label)
        time = metric.timestamp_ms or NO_TIMESTAMP
        if family.type in _HISTOGRAMS:
            self._take_histogram(rows, family, labels, metric.histogram, time)
        elif family.type is MetricType.SUMMARY:
            _take_summary(rows, family, labels, metric.summary, time)
        elif family.type is MetricType.COUNTER:
            counter = metric.counter
            row = rows.add(family.key("", labels), counter.value, time, _start(counter))
            if counter.HasField("exemplar"):
                rows.add_exemplar(row, _exemplar(counter.exemplar))
        else:
            value = metric.gauge.value if family.type is MetricType.GAUGE else metric.untyped.value
            rows.add(family.key("", labels), value, time, 0)

    def _take_histogram(
        self, rows: Gathering, family: _Family, labels: tuple[str, ...], message: Any, time: int
    ) -> None:
        start = _start(message)
        native = self._native and is_native(message)
        convert = self._convert and not native and family.type is MetricType.HISTOGRAM
        if native or convert:
            try:
                gauge = family.type is MetricType.GAUGEHISTOGRAM
                histogram = native_histogram(message, gauge=gauge) if native else converted(message)
            except InvalidHistogram as failure:
                raise ExpositionFailure(f'the histogram "{family.name}" makes no sense: {failure}') from None
            row = rows.add_histogram(family.key("", labels), histogram, time, start)
            for exemplar in _dated_exemplars(message):
                rows.add_exemplar(row, exemplar)
        if not (native or convert) or (self._classic and len(message.bucket)):
            _take_classic(rows, family, labels, message, time, start)


def read_messages(body: bytes) -> Iterator[Any]:
    """The messages of a body, each preceded by its length. Raises ExpositionFailure."""
    message_class, at = metric_family(), 0
    while at < len(body):
        length, start = _varint(body, at)
        if start + length > len(body):
            raise ExpositionFailure(f"byte {at}: a message of {length} bytes is cut off after {len(body) - start}")
        try:
            yield message_class.FromString(body[start : start + length])
        except DecodeError as error:
            raise ExpositionFailure(f"byte {start}: no valid MetricFamily message: {error}") from None
        at = start + length


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    for i in range(at, min(at + 10, len(body))):
        value |= (body[i] & 0x7F) << shift
        if body[i] < 0x80:
            return value, i + 1
        shift += 7
    raise ExpositionFailure(f"byte {at}: no valid message length")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ExpositionFailure(f"{raw[:80]!r} is not valid UTF-8") from None


def _pairs(family: _Family, labels: Sequence[Any]) -> tuple[str, ...]:
    """The flat pairs of a metric's labels; those that the feature of type and unit labels sets itself are left out."""
    pairs = {_text(label.name): _text(label.value) for label in labels}
    if len(pairs) < len(labels) or METRIC_NAME in pairs:
        raise ExpositionFailure(f'a label name of the metric "{family.name}" is not unique')
    own = family.extra[::2]
    return tuple(text for name, value in pairs.items() if name not in own for text in (name, value))


def _start(message: Any) -> int:
    """The message's created timestamp in ms, 0 where it has none."""
    return _milliseconds(message.created_timestamp) if message.HasField("created_timestamp") else 0


def _milliseconds(timestamp: Any) -> int:
    return timestamp.seconds * 1000 + timestamp.nanos // 1_000_000


def _exemplar(message: Any) -> ExemplarText:
    labels = Labels((_text(label.name), _text(label.value)) for label in message.label)
    time = _milliseconds(message.timestamp) if message.HasField("timestamp") else None
    return ExemplarText(labels, message.value, time)


def _dated_exemplars(message: Any) -> list[ExemplarText]:
    """A native histogram's exemplars: its own, else its classic buckets'; those without a timestamp do not count."""
    own = list(message.exemplars) or [b.exemplar for b in message.bucket if b.HasField("exemplar")]
    return [_exemplar(exemplar) for exemplar in own if exemplar.HasField("timestamp")]


def _take_summary(rows: Gathering, family: _Family, labels: tuple[str, ...], message: Any, time: int) -> None:
    start = _start(message)
    rows.add(family.key("_count", labels), float(message.sample_count), time, start)
    rows.add(family.key("_sum", labels), message.sample_sum, time, start)
    for quantile in message.quantile:
        bound = format_bound(quantile.quantile)
        rows.add(family.key("", labels, "quantile", bound), quantile.value, time, start)


def _take_classic(
    rows: Gathering, family: _Family, labels: tuple[str, ...], message: Any, time: int, start: int
) -> None:
    count = message.sample_count_float or float(message.sample_count)
    rows.add(family.key("_count", labels), count, time, start)
    rows.add(family.key("_sum", labels), message.sample_sum, time, start)
    for bucket in message.bucket:
        value = bucket.cumulative_count_float or float(bucket.cumulative_count)
        bound = format_bound(bucket.upper_bound)
        row = rows.add(family.key("_bucket", labels, "le", bound), value, time, start)
        if bucket.HasField("exemplar"):
            rows.add_exemplar(row, _exemplar(bucket.exemplar))
        if bucket.upper_bound == math.inf:
            return
    rows.add(family.key("_bucket", labels, "le", "+Inf"), count, time, start)
