"""What one line of an exposition says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from watchkeeper.model.labels import METRIC_NAME, Labels


class MetricType(IntEnum):
    """A metric family's type; the numbers are kept beside each series and must fit a byte."""

    NONE = 0
    COUNTER = 1
    GAUGE = 2
    HISTOGRAM = 3
    GAUGEHISTOGRAM = 4
    SUMMARY = 5
    INFO = 6
    STATESET = 7
    UNKNOWN = 8

    @property
    def word(self) -> str:
        """Prometheus' word for the type."""
        return "unknown" if self is MetricType.NONE else self.name.lower()


class Field(StrEnum):
    """Which part of a family's metadata a comment gives."""

    HELP = "HELP"
    TYPE = "TYPE"
    UNIT = "UNIT"


@dataclass(frozen=True, slots=True)
class SeriesText:
    """A series as it was written: its name and the pairs between its braces, unescaped, in their order."""

    name: str
    pairs: tuple[tuple[str, str], ...]

    def labels(self) -> Labels:
        """The series' labels. Raises ValueError where a name stands twice."""
        names = {METRIC_NAME}
        for name, _ in self.pairs:
            if name in names:
                raise ValueError(f'label name "{name}" is not unique: right would be each name once')
            names.add(name)
        return Labels(((METRIC_NAME, self.name), *self.pairs))


@dataclass(frozen=True, slots=True)
class ExemplarText:
    """An exemplar; `timestamp` in ms, or None where it has none."""

    labels: Labels
    value: float
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample's line: its series stands at body[start:end], the next line at `following`; `timestamp` in ms."""

    start: int
    end: int
    following: int
    series: SeriesText
    value: float
    timestamp: int | None = None
    exemplar: ExemplarText | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's line, which stands at body[start:end]; `field` is None where it is no metadata.

    `type` is set where `field` is TYPE.
    """

    start: int
    end: int
    following: int
    field: Field | None = None
    family: str = ""
    text: str = ""
    type: MetricType = MetricType.NONE


@dataclass(frozen=True, slots=True)
class Blank:
    """A line without content."""

    following: int


@dataclass(frozen=True, slots=True)
class EndOfFile:
    """OpenMetrics' last line."""

    following: int


Line = Sample | Comment | Blank | EndOfFile
