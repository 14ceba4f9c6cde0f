"""Durations and labels as promtool prints them."""

from __future__ import annotations

from watchkeeper.base.duration import format_duration
from watchkeeper.base.quoting import quote
from watchkeeper.model.labels import Labels


def go_duration(ms: int, *, prometheus: bool = False) -> str:
    """A duration as Go prints one (`1h0m0s`), or as Prometheus does (`1h`)."""
    if prometheus:
        return format_duration(ms)
    if ms < 1000:
        return f"{ms}ms" if ms else "0s"
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest:03d}".rstrip("0") if rest else ""
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{head}{seconds}{fraction}s"


def braced(labels: Labels) -> str:
    """A label set, the metric's name among the others."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels.pairs) + "}"


def indented(text: str, by: str) -> str:
    """The text with `by` before every line but the first."""
    return text.replace("\n", f"\n{by}")
