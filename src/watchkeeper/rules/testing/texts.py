"""Durations and labels as promtool prints them."""

from __future__ import annotations

from watchkeeper.base.duration import format_duration, format_go_duration
from watchkeeper.base.quoting import quote
from watchkeeper.model.labels import Labels


def go_duration(ms: int, *, prometheus: bool = False) -> str:
    """A duration as Go prints one (`1h0m0s`), or as Prometheus does (`1h`)."""
    return format_duration(ms) if prometheus else format_go_duration(ms)


def braced(labels: Labels) -> str:
    """A label set, the metric's name among the others."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels.pairs) + "}"


def indented(text: str, by: str) -> str:
    """The text with `by` before every line but the first."""
    return text.replace("\n", f"\n{by}")
