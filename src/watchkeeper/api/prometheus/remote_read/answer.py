"""Blocks of series → the two kinds of answers: samples in one message, or a stream of chunks in frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cramjam
import numpy as np

from watchkeeper.api.prometheus.remote_read.chunks import Chunk, float_chunks, histogram_chunk
from watchkeeper.api.prometheus.remote_read.messages import messages
from watchkeeper.kernels.chunks import crc32c
from watchkeeper.model.histogram import Buckets, Histogram, to_spans
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import SeriesBlock


def sampled(blocks: Sequence[SeriesBlock], external: Mapping[str, str]) -> bytes:
    """A ReadResponse in a snappy block, one result a block."""
    response = messages()["ReadResponse"]()
    for block in blocks:
        result = response.results.add()
        for labels, row in in_order(block, external):
            series = result.timeseries.add()
            _add_labels(series, labels)
            _add_samples(series, block, row)
    return bytes(cramjam.snappy.compress_raw(response.SerializeToString()))


def frames(blocks: Sequence[SeriesBlock], external: Mapping[str, str], largest: int = 1 << 20) -> Iterator[bytes]:
    """ChunkedReadResponses, each behind its size and its checksum; hardly one is larger than `largest` bytes."""
    for index, block in enumerate(blocks):
        for labels, row in in_order(block, external):
            yield from _series_frames(index, labels, _chunks(block, row), largest)


def in_order(block: SeriesBlock, external: Mapping[str, str]) -> list[tuple[Labels, int]]:
    """The rows of a block by their labels, to which external ones are added where a series lacks them."""
    rows = [(Labels({**external, **block.frame.labels(row)}), row) for row in range(len(block))]
    return sorted(rows, key=lambda pair: pair[0].pairs)


def _series_frames(index: int, labels: Labels, chunks: Iterator[Chunk], largest: int) -> Iterator[bytes]:
    response, size = _begun(index, labels), 0
    for chunk in chunks:
        if size and size + len(chunk.data) > largest:
            yield _frame(response.SerializeToString())
            response, size = _begun(index, labels), 0
        response.chunked_series[0].chunks.add(
            min_time_ms=chunk.first, max_time_ms=chunk.last, type=chunk.type, data=chunk.data
        )
        size += len(chunk.data) + 24
    yield _frame(response.SerializeToString())


def _begun(index: int, labels: Labels) -> Any:
    response = messages()["ChunkedReadResponse"](query_index=index)
    _add_labels(response.chunked_series.add(), labels)
    return response


def _frame(message: bytes) -> bytes:
    size, head = len(message), bytearray()
    while size >= 128:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    return bytes(head) + crc32c(np.frombuffer(message, dtype=np.uint8)).to_bytes(4, "big") + message


def _chunks(block: SeriesBlock, row: int) -> Iterator[Chunk]:
    """A series' chunks in the order of time; floats and histograms never share one."""
    at = slice(int(block.offsets[row]), int(block.offsets[row + 1]))
    times, values = block.timestamps[at], block.values[at]
    if block.histogram_at is None:
        yield from float_chunks(times, values)
        return
    which = block.histogram_at[at]
    is_float = which < 0
    changes = np.flatnonzero(np.diff(is_float)) + 1
    for begin, end in zip([0, *changes.tolist()], [*changes.tolist(), len(times)], strict=True):
        if is_float[begin]:
            yield from float_chunks(times[begin:end], values[begin:end])
        else:
            for time, number in zip(times[begin:end].tolist(), which[begin:end].tolist(), strict=True):
                yield histogram_chunk(time, block.histograms[number])


def _add_labels(series: Any, labels: Labels) -> None:
    for name, value in labels.pairs:
        series.labels.add(name=name.encode(), value=value.encode())


def _add_samples(series: Any, block: SeriesBlock, row: int) -> None:
    at = slice(int(block.offsets[row]), int(block.offsets[row + 1]))
    times, values = block.timestamps[at].tolist(), block.values[at].tolist()
    which = [-1] * len(times) if block.histogram_at is None else block.histogram_at[at].tolist()
    for time, value, number in zip(times, values, which, strict=True):
        if number < 0:
            series.samples.add(timestamp=time, value=value)
        else:
            _fill(series.histograms.add(timestamp=time), block.histograms[number])


def _fill(message: Any, histogram: Histogram) -> None:
    message.count_float, message.sum = histogram.count, histogram.sum
    message.schema, message.zero_threshold = histogram.schema, histogram.zero_threshold
    message.zero_count_float, message.reset_hint = histogram.zero_count, int(histogram.reset)
    message.custom_values.extend(histogram.custom_values)
    _fill_buckets(message.positive_spans, message.positive_counts, histogram.positive)
    _fill_buckets(message.negative_spans, message.negative_counts, histogram.negative)


def _fill_buckets(spans: Any, counts: Any, buckets: Buckets) -> None:
    for span in to_spans(buckets)[0]:
        spans.add(offset=span.offset, length=span.length)
    counts.extend(buckets.count.tolist())
