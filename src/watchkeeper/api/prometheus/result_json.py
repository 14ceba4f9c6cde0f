"""The result of a query as the JSON of Prometheus' API, written column by column."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.api.prometheus.json_text import json_text
from watchkeeper.kernels.decimal import LONGEST, samples_json, write_float, write_floats
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram, to_json
from watchkeeper.model.samples import SeriesBlock

_BYTES_A_SAMPLE = 48
_SLACK = 2 * LONGEST + 64


def float_text(value: float) -> str:
    """A sample value as the API writes it: `1`, `0.1`, `NaN`, `+Inf`."""
    out = np.zeros(LONGEST, dtype=np.uint8)
    end = write_float(out, 0, value, np.float64(value).view(np.uint64))
    return out[:end].tobytes().decode()


def float_texts(values: NDArray[np.float64]) -> list[bytes]:
    """Sample values as the API writes them, shape (n,) → n texts."""
    values = np.ascontiguousarray(values)
    out = np.zeros(len(values) * LONGEST, dtype=np.uint8)
    ends = write_floats(values, values.view(np.uint64), out)
    text, places = out.tobytes(), ends.tolist()
    return [text[i * LONGEST : end] for i, end in enumerate(places)]


def seconds_text(ms: int) -> bytes:
    """A time as the API writes it: seconds, with three decimals where it has any."""
    whole, rest = divmod(abs(ms), 1000)
    return (f"{'-' if ms < 0 else ''}{whole}" + (f".{rest:03d}" if rest else "")).encode()


class LabelWriter:
    """Label sets as JSON objects; every string is encoded once, however many series carry it."""

    def __init__(self, frame: LabelFrame) -> None:
        self._frame = frame
        order = sorted(range(len(frame.names)), key=lambda i: frame.names[i])
        self._names = [json_text(frame.names[i]) + b":" for i in order]
        self._codes: list[list[int]] = frame.codes[:, order].tolist()
        self._encoded: dict[int, bytes] = {}

    def row(self, row: int) -> bytes:
        """One series' labels, sorted by name."""
        encoded, strings = self._encoded, self._frame.symbols.strings
        parts: list[bytes] = []
        for name, code in zip(self._names, self._codes[row], strict=True):
            if code == 0:
                continue
            value = encoded.get(code)
            if value is None:
                value = encoded[code] = json_text(strings[code])
            parts.append(name + value)
        return b"{" + b",".join(parts) + b"}"


class FloatWriter:
    """The float samples of one series after the other, into one buffer that grows as needed."""

    def __init__(self) -> None:
        self._out = np.zeros(1 << 16, dtype=np.uint8)

    def row(self, times: NDArray[np.int64], values: NDArray[np.float64], present: NDArray[np.bool_]) -> bytes:
        """`[t,"v"],[t,"v"]…` of one series; all three have shape (s,)."""
        wanted = len(times) * (_BYTES_A_SAMPLE + LONGEST) + _SLACK
        if len(self._out) < wanted:
            self._out = np.zeros(wanted, dtype=np.uint8)
        values = np.ascontiguousarray(values)
        end = samples_json(times, values, values.view(np.uint64), present, self._out)
        return self._out[:end].tobytes()


def vector_json(
    frame: LabelFrame,
    time_ms: int,
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    histograms: NDArray[np.object_] | None,
) -> bytes:
    """An instant vector at one time: the arrays have shape (n,)."""
    labels = LabelWriter(frame)
    head = b',"value":[' + seconds_text(time_ms) + b',"'
    texts = float_texts(values)
    rows: list[bytes] = []
    for i, is_float in enumerate(present.tolist()):
        if is_float:
            sample = head + texts[i] + b'"]'
        elif histograms is not None and histograms[i] is not None:
            sample = b',"histogram":' + _histogram_pair(time_ms, histograms[i])
        else:
            continue
        rows.append(b'{"metric":' + labels.row(i) + sample + b"}")
    return b"[" + b",".join(rows) + b"]"


def matrix_json(
    frame: LabelFrame,
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    histograms: NDArray[np.object_] | None,
) -> bytes:
    """A range vector on common steps: `times` (s,), the others (n, s)."""
    labels, floats = LabelWriter(frame), FloatWriter()
    any_float = np.logical_or.reduce(present, axis=1).tolist()
    rows: list[bytes] = []
    for i in range(len(frame)):
        parts: list[bytes] = []
        if any_float[i]:
            parts.append(b',"values":[' + floats.row(times, values[i], present[i]) + b"]")
        if histograms is not None:
            pairs = [_histogram_pair(int(t), h) for t, h in zip(times, histograms[i], strict=True) if h is not None]
            if pairs:
                parts.append(b',"histograms":[' + b",".join(pairs) + b"]")
        if parts:
            rows.append(b'{"metric":' + labels.row(i) + b"".join(parts) + b"}")
    return b"[" + b",".join(rows) + b"]"


def ranges_json(block: SeriesBlock, rows: int) -> bytes:
    """The first `rows` series of a block, each with its own times."""
    labels, floats = LabelWriter(block.frame), FloatWriter()
    out: list[bytes] = []
    for i in range(rows):
        at = slice(int(block.offsets[i]), int(block.offsets[i + 1]))
        times, values = block.timestamps[at], block.values[at]
        present = np.ones(len(times), dtype=np.bool_) if block.histogram_at is None else block.histogram_at[at] < 0
        parts = [b'{"metric":', labels.row(i)]
        if present.any():
            parts.append(b',"values":[' + floats.row(times, values, present) + b"]")
        if block.histogram_at is not None and not present.all():
            which = np.flatnonzero(~present)
            pairs = zip(times[which].tolist(), block.histogram_at[at][which].tolist(), strict=True)
            written = [_histogram_pair(t, block.histograms[h]) for t, h in pairs]
            parts.append(b',"histograms":[' + b",".join(written) + b"]")
        out.append(b"".join(parts) + b"}")
    return b"[" + b",".join(out) + b"]"


def scalar_json(time_ms: int, value: float) -> bytes:
    """A scalar: `[t,"v"]`."""
    return b"[" + seconds_text(time_ms) + b',"' + _plain(value).encode() + b'"]'


def _plain(value: float) -> str:
    """A number without an exponent: scalars alone are written so."""
    text = float_text(value)
    return f"{Decimal(text):f}" if "e" in text else text


def string_json(time_ms: int, text: str) -> bytes:
    """A string: `[t,"text"]`."""
    return b"[" + seconds_text(time_ms) + b"," + json_text(text) + b"]"


def _histogram_pair(time_ms: int, histogram: Histogram) -> bytes:
    return b"[" + seconds_text(time_ms) + b"," + msgspec.json.encode(to_json(histogram)) + b"]"
