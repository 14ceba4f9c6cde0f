"""Alerts in tables that stay readable with hundreds of them: what all have in common once, and most rows folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from watchkeeper.api.page import bdi

SHOWN, MOST = 20, 500
"""How many rows are seen at once, and how many a page has at the most."""
LONGEST_VALUE = 200
"""After so many characters a label's value is cut short where there are others to be seen beside it."""
_NAME = "alertname"


def common_of(alerts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The labels that several alerts have in common, less their name; of a single alert there are none."""
    if len(alerts) < 2:
        return {}
    first, *others = alerts
    return {n: v for n, v in first.items() if n != _NAME and all(other.get(n) == v for other in others)}


def labels_html(labels: Mapping[str, str]) -> str:
    """All labels, whole."""
    pairs = ", ".join(f"{bdi(name)}={bdi(value)}" for name, value in labels.items())
    return f'<span class="labels">{pairs}</span>' if pairs else ""


def alert_html(labels: Mapping[str, str], common: Mapping[str, str], summary: str = "") -> str:
    """An alert: its name, what is said of it, and the labels that others have not."""
    own = {name: value for name, value in labels.items() if name != _NAME and name not in common}
    if common:
        own = {name: _short(value) for name, value in own.items()}
    name = f"<strong>{escape(labels[_NAME])}</strong>" if labels.get(_NAME) else ""
    said = f'<span dir="auto">{bdi(_short(summary, 500))}</span>' if summary else ""
    return "<br>".join(filter(None, (" ".join(filter(None, (name, said))), labels_html(own))))


def common_html(common: Mapping[str, str]) -> str:
    """What all of them have in common."""
    return f'<p class="soft">All of them have {labels_html(common)}</p>' if common else ""


def folded(columns: Sequence[str], rows: Sequence[str], left_out: int = 0) -> str:
    """A table whose rows are folded after the first few; `left_out` are those that the page has not at all."""
    seen, hidden, more = _table(columns, rows[:SHOWN]), rows[SHOWN:], ""
    if hidden:
        more = f"<details><summary>{len(hidden)} more</summary>{_table(columns, hidden)}</details>"
    rest = f'<p class="soft">and {left_out} more</p>' if left_out > 0 else ""
    return f"{seen}{more}{rest}"


def _table(columns: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    return f'<table class="stack"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _short(text: str, longest: int = LONGEST_VALUE) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
