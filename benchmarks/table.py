"""The figures as one Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import ALERTMANAGER, OURS, PROMETHEUS, VICTORIA, Figures, Goal, Row

_NAMES = {
    PROMETHEUS: ("Prometheus", "÷ Prom."),
    VICTORIA: ("VictoriaMetrics", "÷ VM"),
    ALERTMANAGER: ("Alertmanager", "÷ AM"),
}


def markdown(figures: Figures, *peers: str) -> str:
    """The table beside these peers; medians, the fastest run in brackets; ✓ and ✗ say whether a goal is reached."""
    names, ratios = zip(*(_NAMES[peer] for peer in peers), strict=True)
    head = ("", "unit", "Watchkeeper", *names, *ratios, "must", "aim")
    lines = [head, ("---", "---", *["---:"] * (1 + 2 * len(peers)), "---", "---")]
    lines += [_cells(figures, row, by_server, peers) for row, by_server in figures.values.items()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cells(figures: Figures, row: Row, by_server: dict[str, float], peers: Sequence[str]) -> tuple[str, ...]:
    least = figures.least.get(row, {})
    shown = [_number(by_server.get(name), least.get(name)) for name in (OURS, *peers)]
    ratios = [_ratio(by_server, peer) for peer in peers]
    return (row.title, row.unit, *shown, *ratios, _goal(row, row.must, by_server), _goal(row, row.aim, by_server))


def _number(value: float | None, least: float | None) -> str:
    if value is None:
        return "–"
    return _digits(value) + (f" ({_digits(least)})" if least is not None else "")


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(by_server: dict[str, float], peer: str) -> str:
    if not by_server.get(peer) or OURS not in by_server:
        return "–"
    return f"{by_server[OURS] / by_server[peer]:.2f}"


def _goal(row: Row, goal: Goal | None, by_server: dict[str, float]) -> str:
    if goal is None:
        return ""
    reached = goal.reached(by_server) if OURS in by_server else None
    mark = {True: "✓", False: "✗", None: "?"}[reached]
    return f"{mark} {goal.text(row.unit)}"
