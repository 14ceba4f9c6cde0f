"""What a query remarks about its own result: Prometheus' warnings and infos, with positions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from watchkeeper.base.quoting import quote
from watchkeeper.model.histogram.digits import general

quoted = quote

WARNING = "PromQL warning: "
INFO = "PromQL info: "


class Placed(Protocol):
    """Something that stands in the query's text."""

    @property
    def start(self) -> int:
        """Its first character's offset."""
        ...


@dataclass(slots=True)
class _Monotonicity:
    """What is gathered about classic histograms whose buckets had to be made monotonic; times in ms."""

    low: float
    high: float
    difference: float
    count: int
    oldest: int
    newest: int

    def merge(self, other: _Monotonicity) -> None:
        """Take in another one of the same metric."""
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.difference = max(self.difference, other.difference)
        self.count += other.count
        self.oldest = min(self.oldest, other.oldest)
        self.newest = max(self.newest, other.newest)

    def __str__(self) -> str:
        return (
            f", from buckets {general(self.low)} to {general(self.high)}, "
            f"with a max diff of {general(self.difference)}, "
            f"over {self.count} samples from {_rfc3339(self.oldest)} to {_rfc3339(self.newest)}"
        )


class Annotations:
    """The annotations of one query, each text once (and where it was last made), in the order of their first times."""

    __slots__ = ("_monotonicity", "_notes")

    def __init__(self) -> None:
        self._notes: dict[str, int] = {}
        self._monotonicity: dict[str, _Monotonicity] = {}

    def warn(self, text: str, at: Placed) -> None:
        """Remark that the result may not be what was meant."""
        self._notes[WARNING + text] = at.start

    def inform(self, text: str, at: Placed) -> None:
        """Remark something about the query or its data."""
        self._notes[INFO + text] = at.start

    def forced_monotonicity(
        self,
        metric: str,
        at: Placed,
        *,
        low: float,
        high: float,
        difference: float,
        count: int,
        oldest: int,
        newest: int,
    ) -> None:
        """Remark that buckets of `metric` between `low` and `high` were raised by up to `difference`."""
        text = (
            "input to histogram_quantile needed to be fixed for monotonicity "
            "(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
        ) + for_metric(metric)
        self.inform(text, at)
        found = _Monotonicity(low, high, difference, count, oldest, newest)
        if INFO + text in self._monotonicity:
            self._monotonicity[INFO + text].merge(found)
        else:
            self._monotonicity[INFO + text] = found

    def warnings(self, query: str, most: int = 0) -> tuple[str, ...]:
        """The warnings with their `(line:column)` in `query`; beyond `most` (0: no limit) only how many more."""
        return self._texts(query, WARNING, most, "warning")

    def infos(self, query: str, most: int = 0) -> tuple[str, ...]:
        """The infos, likewise."""
        return self._texts(query, INFO, most, "info")

    def _texts(self, query: str, kind: str, most: int, word: str) -> tuple[str, ...]:
        texts = [
            f"{text}{self._monotonicity.get(text, '')} ({position(query, start)})"
            for text, start in self._notes.items()
            if text.startswith(kind)
        ]
        if most and len(texts) > most:
            return (*texts[:most], f"{len(texts) - most} more {word} annotations omitted")
        return tuple(texts)


def position(query: str, start: int) -> str:
    """`line:column` of an offset into `query`, both from 1, in characters."""
    before = query[:start]
    return f"{before.count(chr(10)) + 1}:{start - (before.rfind(chr(10)) + 1) + 1}"


def for_metric(name: str) -> str:
    """How a text names its metric, where there is one."""
    return f" for metric name {quote(name)}" if name else ""


def _rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
