"""The figures as one Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import ALERTMANAGER, OURS, OURS_FOR_ALERTS, PROMETHEUS, VICTORIA, Figures, Goal, Row

_NAMES = {
    OURS: "Watchkeeper",
    OURS_FOR_ALERTS: "its role `alerts`",
    PROMETHEUS: "Prometheus",
    VICTORIA: "VictoriaMetrics",
    ALERTMANAGER: "Alertmanager",
}
_SHORT = {PROMETHEUS: "Prom.", VICTORIA: "VM", ALERTMANAGER: "AM"}


def markdown(figures: Figures, peers: Sequence[str], ours: Sequence[str] = (OURS,)) -> str:
    """The table of `ours` beside these peers; medians, the fastest run in brackets.

    ✓ and ✗ say whether the first of ours reaches a goal.
    """
    return "\n".join("| " + " | ".join(cells) + " |" for cells in _lines(figures, peers, ours))


def _lines(figures: Figures, peers: Sequence[str], ours: Sequence[str]) -> list[tuple[str, ...]]:
    servers = (*ours, *peers)
    pairs = [(one, peer) for one in ours for peer in peers]
    ratios = [f"{'' if len(ours) == 1 else _NAMES[one] + ' '}÷ {_SHORT[peer]}" for one, peer in pairs]
    lines = [
        ("", "unit", *(_NAMES[name] for name in servers), *ratios, "must", "aim"),
        ("---", "---", *["---:"] * (len(servers) + len(pairs)), "---", "---"),
    ]
    for row, by_server in figures.values.items():
        least = figures.least.get(row, {})
        shown = [_number(by_server.get(name), least.get(name)) for name in servers]
        goals = [_goal(row, goal, by_server, ours[0]) for goal in (row.must, row.aim)]
        lines.append((row.title, row.unit, *shown, *(_ratio(by_server, *pair) for pair in pairs), *goals))
    return lines


def _number(value: float | None, least: float | None) -> str:
    if value is None:
        return "–"
    return _digits(value) + (f" ({_digits(least)})" if least is not None else "")


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(by_server: dict[str, float], one: str, peer: str) -> str:
    if not by_server.get(peer) or one not in by_server:
        return "–"
    return f"{by_server[one] / by_server[peer]:.2f}"


def _goal(row: Row, goal: Goal | None, by_server: dict[str, float], ours: str) -> str:
    if goal is None:
        return ""
    mark = {True: "✓", False: "✗", None: "?"}[goal.reached(by_server, ours)]
    return f"{mark} {goal.text(row.unit)}"
