"""Native histograms against Prometheus' own engine, which promtool's rule unit tests run."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.model.histogram import (
    CUSTOM_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    HistogramMean,
    HistogramSum,
    add,
    compact,
    negate,
    scale,
    subtract,
    to_literal,
    with_reset,
)
from watchkeeper.query.promql.histograms_read import deviation, fraction, quantile, variance
from watchkeeper.query.promql.histograms_window import Window, extrapolated

PROMTOOL = Path(__file__).parents[2] / ".peers/usr/bin/promtool"
COMPARED = "Prometheus 3.5 (promtool test rules)"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not PROMTOOL.exists(), reason=f"no {COMPARED}: `make peers` unpacks it"),
]

_DIFFERENCE = re.compile(r'expr: ("(?:[^"\\]|\\.)*"), time: .*\n\s+exp: (.*)\n\s+got: (.*)')
_HINT = re.compile(r" counter_reset_hint:\w+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def _dense(dice: random.Random, first: int) -> Buckets:
    """A run of populated buckets: promtool 3.5 prints histograms with several gaps wrongly."""
    counts = [float(dice.choice([1, 2, 7, 30])) for _ in range(dice.randrange(7))]
    return Buckets(np.arange(first, first + len(counts), dtype=np.int32), np.array(counts))


def _exponential(dice: random.Random) -> Histogram:
    threshold, first = dice.choice([(0.0, -3), (0.001, -3), (0.5, 2), (2.0, 9)])
    schema = dice.choice([0, 0, 1, 2, 3])
    return _whole(
        dice,
        Histogram(
            schema=schema,
            zero_threshold=threshold,
            zero_count=float(dice.randrange(1, 4)),
            positive=_dense(dice, first + (8 if schema == 3 and threshold else 0)),
            negative=_dense(dice, first + (8 if schema == 3 and threshold else 0)),
        ),
    )


def _custom(dice: random.Random) -> Histogram:
    bounds = tuple(sorted(dice.sample([-5.0, -1.0, 0.0, 0.5, 1.0, 2.5, 10.0], dice.randrange(1, 7))))
    counts = np.array([float(dice.choice([1, 2, 5])) for _ in range(len(bounds) + 1)])
    positive = Buckets(np.arange(len(counts), dtype=np.int32), counts)
    return _whole(dice, Histogram(CUSTOM_BUCKETS, positive=positive, custom_values=bounds))


def _whole(dice: random.Random, h: Histogram) -> Histogram:
    count = float(h.positive.count.sum() + h.negative.count.sum()) + h.zero_count
    return compact(
        Histogram(
            h.schema,
            count,
            dice.randrange(-500, 500) / 4,
            h.zero_threshold,
            h.zero_count,
            h.positive,
            h.negative,
            h.custom_values,
        )
    )


def _verdict(tmp_path: Path, inputs: list[str], expectations: list[tuple[str, str, float | Histogram]]) -> str:
    """What promtool says of the expectations (expression, labels, value), evaluated at one minute."""
    tests = [
        {
            "expr": expression,
            "eval_time": "1m",
            "exp_samples": [
                {"labels": labels, "histogram": to_literal(value)}
                if isinstance(value, Histogram)
                else {"labels": labels, "value": value}
            ],
        }
        for expression, labels, value in expectations
    ]
    series = [dict(zip(("series", "values"), line.split(" ", 1), strict=True)) for line in inputs]
    # YAML is JSON's superset, but for the numbers that JSON does not know.
    text = json.dumps(
        {
            "fuzzy_compare": True,
            "tests": [{"interval": "30s", "input_series": series, "promql_expr_test": tests}],
        }
    )
    for said, meant in (("NaN", ".nan"), ("-Infinity", "-.inf"), ("Infinity", ".inf")):
        text = text.replace(f": {said}", f": {meant}")
    path = tmp_path / "histograms.yml"
    path.write_text(text)
    done = subprocess.run([PROMTOOL, "test", "rules", path], capture_output=True, text=True, check=False, timeout=120)
    found = _DIFFERENCE.findall(done.stdout + done.stderr)
    assert bool(found) == (done.returncode != 0), done.stdout + done.stderr
    return "\n".join("\n".join(difference) for difference in found if not _close(*difference[1:]))


def _close(said: str, meant: str) -> bool:
    """Say whether two results differ by rounding and by a hint only, for promtool compares histograms as texts."""
    a, b = (_HINT.sub("", text) for text in (said, meant))
    numbers = [[float(n) for n in _NUMBER.findall(text)] for text in (a, b)]
    return _NUMBER.sub("#", a) == _NUMBER.sub("#", b) and numbers[0] == pytest.approx(numbers[1], rel=1e-9, abs=1e-12)


def test_numbers_read_off_histograms(tmp_path: Path) -> None:
    dice = random.Random(1)
    many = [_exponential(dice) for _ in range(60)] + [_custom(dice) for _ in range(40)]
    inputs = [f'm{{i="{i}"}} _ _ {to_literal(h)}' for i, h in enumerate(many)]
    expectations: list[tuple[str, str, float | Histogram]] = []
    for i, h in enumerate(many):
        q, low = dice.choice([0.0, 0.1, 0.25, 0.5, 0.77, 0.95, 1.0]), dice.uniform(-6, 3)
        high = dice.choice([low + 1, low + 7, math.inf])
        bound = "Inf" if high == math.inf else str(high)
        read: list[tuple[str, float | None]] = [
            (f'histogram_quantile({q}, m{{i="{i}"}})', quantile(q, h).value),
            # In custom buckets Prometheus 3.5 still answers NaN where the lowest bucket has to be divided.
            (
                f'histogram_fraction({low}, {bound}, m{{i="{i}"}})',
                None if h.uses_custom_buckets else fraction(low, high, h).value,
            ),
            (f'histogram_stddev(m{{i="{i}"}})', deviation(h)),
            (f'histogram_stdvar(m{{i="{i}"}})', variance(h)),
        ]
        expectations += [(expression, f'{{i="{i}"}}', value) for expression, value in read if value is not None]
    assert not _verdict(tmp_path, inputs, expectations), COMPARED


@pytest.mark.parametrize("make", [_exponential, _custom])
def test_sums_and_differences(tmp_path: Path, make: Callable[[random.Random], Histogram]) -> None:
    dice = random.Random(2)
    inputs: list[str] = []
    expectations: list[tuple[str, str, float | Histogram]] = []
    for i in range(60):
        a, b = make(dice), make(dice)
        if a.custom_values != b.custom_values:
            b = Histogram(b.schema, a.count, b.sum, positive=a.positive, custom_values=a.custom_values)
        inputs += [f'a{{i="{i}"}} _ _ {to_literal(a)}', f'b{{i="{i}"}} _ _ {to_literal(b)}']
        total, mean = HistogramSum(a), HistogramMean(a)
        total.add(b)
        mean.add(b)
        difference = with_reset(subtract(a, b).histogram, CounterReset.GAUGE)
        either = f'{{__name__=~"a|b", i="{i}"}}'
        made: list[tuple[str, Histogram]] = [
            (f'a{{i="{i}"}} + b{{i="{i}"}}', add(a, b).histogram),
            (f'a{{i="{i}"}} - b{{i="{i}"}}', difference),
            (f"sum by (i) ({either})", total.result()),
            (f"avg by (i) ({either})", mean.result()),
            (f'-a{{i="{i}"}}', negate(a)),
            (f'a{{i="{i}"}} * 2.5', scale(a, 2.5)),
        ]
        expectations += [(expression, f'{{i="{i}"}}', compact(value)) for expression, value in made]
    assert not _verdict(tmp_path, inputs, expectations), COMPARED


def test_rates(tmp_path: Path) -> None:
    dice = random.Random(3)
    inputs: list[str] = []
    expectations: list[tuple[str, str, float | Histogram]] = []
    for i in range(60):
        step = _exponential(dice)
        series = [step]
        for _ in range(2):
            grows = dice.random() < 0.7
            series.append(compact(add(series[-1], step).histogram) if grows else _exponential(dice))
        inputs.append(f'm{{i="{i}"}} ' + " ".join(to_literal(h) for h in series))
        # The range begins just before the first sample: since 3.5 Prometheus has learnt not to extrapolate below 0.
        window = Window([0, 30_000, 60_000], series, -1, 60_000, 60.001)
        for function, is_rate in (("rate", True), ("increase", False)):
            value = extrapolated(window, is_counter=True, is_rate=is_rate).value
            assert value is not None
            expectations.append((f'{function}(m{{i="{i}"}}[60001ms])', f'{{i="{i}"}}', value))
    assert not _verdict(tmp_path, inputs, expectations), COMPARED
