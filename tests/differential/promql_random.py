"""Random PromQL over the series of `promql_answers_data`."""

from __future__ import annotations

import random

_METRICS = ["http_requests_total", "memory_bytes", "temperature", "up", "target_info", "single", "nope"]
_LABELS = ["job", "instance", "code", "zone", "le", "version"]
_VALUES = ["api", "web", "i0", "i1|i2", "i.*", "200", "2..", ".+", ""]
_OVER_RANGES = [
    *("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "present_over_time"),
    *("sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time"),
    *("stddev_over_time", "stdvar_over_time"),
]
_OF_FLOATS = ["abs", "ceil", "floor", "sgn", "sqrt", "ln", "round", "timestamp", "hour", "day_of_week"]
_AGGREGATIONS = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
_COMPARISONS = ["==", "!=", ">", "<", ">=", "<="]


class Queries:
    """Draws queries; of one seed always the same."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def draw(self) -> str:
        """A query that answers an instant vector, or fails."""
        return self._vector(self._dice.randint(1, 4))

    def _one(self, *choices: str) -> str:
        return self._dice.choice(choices)

    def _selector(self) -> str:
        name = self._dice.choice(_METRICS)
        if self._dice.random() < 0.4:
            name += f'{{{self._dice.choice(_LABELS)}{self._one("=", "!=", "=~", "!~")}"{self._dice.choice(_VALUES)}"}}'
        return name

    def _modifier(self) -> str:
        draw = self._dice.random()
        if draw < 0.15:
            return f" offset {self._one('1m', '5m', '-2m', '37s')}"
        return f" @ {self._one('1700003000', '1700001000.5', 'start()', 'end()')}" if draw < 0.22 else ""

    def _range(self, depth: int) -> str:
        if depth > 0 and self._dice.random() < 0.25:
            inner = (
                f"({self._vector(depth - 1)})[{self._one('5m', '12m', '3m10s')}:{self._one('1m', '30s', '17s', '')}]"
            )
            return inner + self._modifier()
        return f"{self._selector()}[{self._one('1m', '5m', '37s', '10m', '15s', '1h')}]{self._modifier()}"

    def _grouping(self) -> str:
        kind = self._one("", "by", "without")
        return f"{kind} ({', '.join(self._dice.sample(_LABELS, self._dice.randint(0, 2)))})" if kind else ""

    def _number(self, depth: int) -> str:
        draw = self._dice.random()
        if draw < 0.8:
            return self._one("1", "2", "0.5", "-3", "100", "NaN", "Inf", "0", "1e3", "7.5")
        if draw < 0.9:
            return "time()"
        return f"scalar({self._vector(depth - 1)})" if depth > 0 else "2"

    def _vector(self, depth: int) -> str:
        if depth <= 0:
            return self._selector() + self._modifier()
        below = depth - 1
        make = self._dice.choice(
            [self._over_range] * 5
            + [self._aggregation] * 4
            + [self._of_floats] * 2
            + [self._between] * 3
            + [self._with_number] * 2
            + [self._labels, self._rest, self._histogram]
        )
        return make(below)

    def _over_range(self, depth: int) -> str:
        draw = self._dice.random()
        if draw < 0.1:
            return f"quantile_over_time({self._one('0.1', '0.9', '0.5')}, {self._range(depth)})"
        if draw < 0.2:
            return f"predict_linear({self._range(depth)}, {self._one('60', '600', '-30')})"
        return f"{self._dice.choice(_OVER_RANGES)}({self._range(depth)})"

    def _aggregation(self, depth: int) -> str:
        draw = self._dice.random()
        if draw < 0.1:
            return f"quantile {self._grouping()} ({self._one('0.1', '0.9', '0.5')}, {self._vector(depth)})"
        return f"{self._dice.choice(_AGGREGATIONS)} {self._grouping()} ({self._vector(depth)})"

    def _of_floats(self, depth: int) -> str:
        return f"{self._dice.choice(_OF_FLOATS)}({self._vector(depth)})"

    def _between(self, depth: int) -> str:
        op = self._one("+", "-", "*", "/", "==", ">", "<", "and", "or", "unless", "and", "or", "unless")
        matching = ""
        if self._dice.random() < 0.6:
            labels = ", ".join(self._dice.sample(_LABELS, self._dice.randint(0, 3)))
            matching = f"{self._one('on', 'ignoring')}({labels}) "
            if op not in ("and", "or", "unless") and self._dice.random() < 0.5:
                matching += self._one("group_left ", "group_right ", "group_left(version) ", "group_right(zone) ")
        return f"({self._vector(depth)} {op} {matching}{self._vector(depth)})"

    def _with_number(self, depth: int) -> str:
        op = self._one("+", "-", "*", "/", "%", "^", "atan2", *_COMPARISONS)
        answer = "bool " if op in _COMPARISONS and self._dice.random() < 0.4 else ""
        sides = [self._vector(depth), self._number(depth)]
        self._dice.shuffle(sides)
        return f"({sides[0]} {op} {answer}{sides[1]})"

    def _labels(self, depth: int) -> str:
        target, replacement = self._one("x", "job", "instance"), self._one("$1", "foo", "a-$1")
        pattern = self._one("(.*)", "i(.)", "nope")
        source = self._dice.choice(_LABELS)
        return f'label_replace({self._vector(depth)}, "{target}", "{replacement}", "{source}", "{pattern}")'

    def _rest(self, depth: int) -> str:
        inner = self._vector(depth)
        return self._one(
            f"-({inner})", f"absent({inner})", f"clamp({inner}, 0, 50)", f'count_values("v", up < {inner})'
        )

    def _histogram(self, depth: int) -> str:
        grouping = self._one("sum by (le) ", "sum by (le, job) ", "")
        return f"histogram_quantile({self._one('0.5', '0.9')}, {grouping}(rate(latency_seconds_bucket[5m])))"
