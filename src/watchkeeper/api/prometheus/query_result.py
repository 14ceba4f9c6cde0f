"""A query's result → the `data` of its answer."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from watchkeeper.api.prometheus.result_json import (
    matrix_json,
    ranges_json,
    scalar_json,
    seconds_text,
    string_json,
    vector_json,
)
from watchkeeper.query.promql import Result, ValueType


def result_json(result: Result, limit: int, stats: str) -> tuple[bool, bytes]:
    """Whether series beyond `limit` (0: none) were cut off, and the JSON; `stats` as the API's parameter has it."""
    cut = bool(limit) and result.kind in (ValueType.VECTOR, ValueType.MATRIX) and len(result) > limit
    rows = limit if cut else len(result)
    head = b'{"resultType":"' + result.kind.value.encode() + b'","result":' + _values(result, rows)
    if not stats:
        return cut, head + b"}"
    return cut, head + b',"stats":' + msgspec.json.encode(statistics_json(result, per_step=stats == "all")) + b"}"


def _values(result: Result, rows: int) -> bytes:
    if result.kind is ValueType.STRING:
        return string_json(int(result.timestamps[0]), result.text)
    if result.kind is ValueType.SCALAR:
        return scalar_json(int(result.timestamps[0]), float(result.values[0, 0]))
    if result.ranges is not None:
        return ranges_json(result.ranges, rows)
    frame = result.frame if rows == len(result) else result.frame.take(np.arange(rows))
    values, present = result.values[:rows], result.present[:rows]
    histograms = None if result.histograms is None else result.histograms[:rows]
    if result.kind is ValueType.VECTOR:
        column = None if histograms is None else histograms[:, 0]
        return vector_json(frame, int(result.timestamps[0]), values[:, 0], present[:, 0], column)
    return matrix_json(frame, result.timestamps, values, present, histograms)


def statistics_json(result: Result, per_step: bool) -> dict[str, Any]:
    """`stats`: timings in seconds, samples; with `per_step` (`stats=all`) also by step."""
    taken = result.statistics
    samples: dict[str, Any] = {"totalQueryableSamples": taken.samples, "peakSamples": taken.peak}
    if per_step and taken.samples_per_step is not None:
        pairs = zip(result.timestamps.tolist(), taken.samples_per_step.tolist(), strict=True)
        samples["totalQueryableSamplesPerStep"] = [[msgspec.Raw(seconds_text(t)), n] for t, n in pairs]
    return {
        "timings": {
            "evalTotalTime": taken.timings.total,
            "resultSortTime": taken.timings.sort,
            "queryPreparationTime": taken.timings.prepare + taken.timings.fetch,
            "innerEvalTime": taken.timings.evaluate,
            "execQueueTime": 0.0,
            "execTotalTime": taken.timings.total,
        },
        "samples": samples,
    }
