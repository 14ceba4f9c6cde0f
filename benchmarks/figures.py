"""What was measured, and what the project wants: rows with their goals."""

from __future__ import annotations

from dataclasses import dataclass, field

OURS = "watchkeeper"
OURS_FOR_ALERTS = "watchkeeper --role alerts"
PROMETHEUS = "prometheus"
VICTORIA = "victoria-metrics"
ALERTMANAGER = "prometheus-alertmanager"


@dataclass(frozen=True, slots=True)
class Goal:
    """At most `limit`: times a peer's figure, or without a peer in the row's own unit."""

    limit: float
    peer: str = ""

    def text(self, unit: str) -> str:
        return f"≤ {self.limit:g} × {_SHORT[self.peer]}" if self.peer else f"≤ {self.limit:g} {unit}"

    def reached(self, by_server: dict[str, float], ours: str) -> bool | None:
        """Whether the figure of `ours` keeps to it; None where it or the peer was not measured."""
        if ours not in by_server or (self.peer and self.peer not in by_server):
            return None
        return by_server[ours] <= self.limit * (by_server[self.peer] if self.peer else 1)


_SHORT = {PROMETHEUS: "Prometheus", VICTORIA: "VictoriaMetrics", ALERTMANAGER: "Alertmanager"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what is measured, in which unit, and what it must and should be."""

    title: str
    unit: str
    must: Goal | None = None
    aim: Goal | None = None


@dataclass(slots=True)
class Figures:
    """Measured values by row and server; the smallest of several runs beside their median where there are several."""

    values: dict[Row, dict[str, float]] = field(default_factory=dict)
    least: dict[Row, dict[str, float]] = field(default_factory=dict)

    def put(self, row: Row, server: str, value: float, least: float | None = None) -> None:
        self.values.setdefault(row, {})[server] = value
        if least is not None:
            self.least.setdefault(row, {})[server] = least

    def beside(self, *peers: str) -> Figures:
        """Those rows for which one of the peers was measured, too."""
        rows = {row: by_server for row, by_server in self.values.items() if by_server.keys() & set(peers)}
        return Figures(rows, {row: least for row, least in self.least.items() if row in rows})

    def update(self, other: Figures) -> None:
        self.values.update(other.values)
        self.least.update(other.least)


def times(limit: float, peer: str = PROMETHEUS) -> Goal:
    """At most so many times a peer's figure."""
    return Goal(limit, peer)
