"""What is decoded message by message: histograms, exemplars, metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from watchkeeper.kernels.remote_write import EXEMPLAR, HISTOGRAM, METADATA
from watchkeeper.model.histogram import Histogram, InvalidHistogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import Exemplar, MetricMetadata
from watchkeeper.receive.remote_write.failure import Malformed
from watchkeeper.receive.remote_write.histograms import histogram_of, is_stale
from watchkeeper.receive.remote_write.labels import EXAMPLES, labels_of, text_of
from watchkeeper.receive.remote_write.messages import messages
from watchkeeper.receive.remote_write.scanned import Scanned, Symbols
from watchkeeper.store.index import metrics_of

_TYPES = ("unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
_LONGEST_EXEMPLAR = 128
"""Characters that the labels of an exemplar may have in all (OpenMetrics)."""
_SUFFIXES = {
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("_count", "_sum"),
}


@dataclass(slots=True)
class Extras:
    """Histograms as rows (series' ref, timestamp, start, value; None for a staleness marker), and the rest.

    `problems` says what is wrong with the first histograms that were refused, `invalid` how many there were.
    """

    histograms: list[tuple[int, int, int, Histogram | None]] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)
    metadata: list[MetricMetadata] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    invalid: int = 0


def decode(scanned: Scanned, refs: NDArray[np.int32]) -> Extras:
    """The extras of those series that have a ref. Raises Malformed."""
    out = Extras()
    if not scanned.extras.shape[0]:
        return out
    known = messages().v1 if scanned.symbols is None else messages().v2
    for kind, series, begin, end, created in scanned.extras.tolist():
        ref = int(refs[series]) if series >= 0 else -1
        if kind == METADATA:
            out.metadata.append(_metadata(_parse(known["MetricMetadata"], scanned, begin, end)))
        elif kind == HISTOGRAM:
            message = _parse(known["Histogram"], scanned, begin, end)
            if ref >= 0:
                _add_histogram(out, scanned, message, series, ref, created)
        elif kind == EXEMPLAR:
            message = _parse(known["Exemplar"], scanned, begin, end)
            exemplar = _exemplar(scanned, message, ref)
            if ref >= 0 and exemplar is not None:
                out.exemplars.append(exemplar)
    return out


def _parse(message: Any, scanned: Scanned, begin: int, end: int) -> Any:
    try:
        return message.FromString(scanned.body.part(begin, end))
    except DecodeError:
        raise Malformed(f"the body is not the message that it is said to be, at bytes {begin} to {end}") from None


def _add_histogram(out: Extras, scanned: Scanned, message: Any, series: int, ref: int, created: int) -> None:
    start = message.start_timestamp or created
    if is_stale(message):
        out.histograms.append((ref, message.timestamp, start, None))
        return
    try:
        out.histograms.append((ref, message.timestamp, start, histogram_of(message)))
    except InvalidHistogram as problem:
        out.invalid += 1
        if len(out.problems) < EXAMPLES:
            columns = labels_of(scanned, np.array([series]))
            out.problems.append(f"{problem} for series {text_of(columns, 0)}")


def _exemplar(scanned: Scanned, message: Any, ref: int) -> Exemplar | None:
    """The exemplar, None where its labels are not valid or too long (which fails no request)."""
    try:
        if scanned.symbols is None:
            pairs = [(one.name.decode(), one.value.decode()) for one in message.labels]
        else:
            strings = symbol_strings(scanned, scanned.symbols, message.labels_refs)
            pairs = list(zip(strings[::2], strings[1::2], strict=True))
    except (UnicodeDecodeError, ValueError):
        return None
    labels = Labels(pairs)
    if sum(len(name) + len(value) for name, value in labels.pairs) > _LONGEST_EXEMPLAR:
        return None
    return Exemplar(ref, labels, message.value, message.timestamp)


def symbol_strings(scanned: Scanned, symbols: Symbols, refs: Iterable[int]) -> list[str]:
    """The strings of symbols. Raises Malformed for one that is not there, UnicodeDecodeError for no text."""
    out: list[str] = []
    for ref in refs:
        if ref >= symbols.starts.size:
            raise Malformed(f"symbol {ref} is referred to, but there are only {symbols.starts.size}")
        begin = int(symbols.starts[ref])
        out.append(scanned.body.part(begin, begin + int(symbols.lengths[ref])).decode())
    return out


def _metadata(message: Any) -> MetricMetadata:
    return MetricMetadata(
        metric=_lenient(message.metric_family_name),
        type=_type(message.type),
        help=_lenient(message.help),
        unit=_lenient(message.unit),
    )


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _type(number: int) -> str:
    return _TYPES[number] if 0 <= number < len(_TYPES) else "unknown"


def told_metadata(scanned: Scanned, rows: NDArray[np.intp]) -> list[MetricMetadata]:
    """What 2.0 series tell of their metrics, each metric once."""
    symbols = scanned.symbols
    if symbols is None or not rows.size:
        return []
    columns = labels_of(scanned, rows)
    metrics = metrics_of(columns)
    # A metric's series mostly tell the same: one of them is enough.
    _, first = np.unique(np.stack([metrics, scanned.told[rows, 3]]), axis=1, return_index=True)
    out: dict[str, MetricMetadata] = {}
    for at in np.sort(first).tolist():
        kind, text, unit, _ = scanned.told[rows[at]].tolist()
        type_ = _type(kind)
        metric = _family(columns.strings[int(metrics[at])] if metrics[at] >= 0 else "", type_)
        if metric and metric not in out:
            spans = [(int(symbols.starts[s]), int(symbols.lengths[s])) for s in (text, unit)]
            words = [_lenient(scanned.body.part(begin, begin + size)) for begin, size in spans]
            out[metric] = MetricMetadata(metric, type_, words[0], words[1])
    return list(out.values())


def _family(name: str, type_: str) -> str:
    """The metric that a series' name belongs to: histograms and summaries have several names."""
    for suffix in _SUFFIXES.get(type_, ()):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name
