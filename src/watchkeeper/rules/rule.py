"""Rules as their files define them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Labels or annotations as written, sorted by name; an empty value takes a label away."""


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """Keeps the values of `query` (canonical PromQL) as the metric `name`, with `labels` set on each series."""

    name: str
    query: str
    labels: Pairs = ()


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """Fires an alert for each series of `query` (canonical PromQL) that has been there for `hold_ms`.

    It goes on for `keep_firing_ms` after the series has gone. The values of `labels` and `annotations` are templates.
    """

    name: str
    query: str
    hold_ms: int = 0
    keep_firing_ms: int = 0
    labels: Pairs = ()
    annotations: Pairs = ()


Rule: TypeAlias = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated one after the other, every `interval_ms`, as of `query_offset_ms` before.

    A `limit` above 0 bounds the series or alerts of each rule. Results belong to `tenant`, and so does what is asked.
    """

    name: str
    file: str
    interval_ms: int
    rules: tuple[Rule, ...]
    query_offset_ms: int = 0
    limit: int = 0
    tenant: str = "default"

    @property
    def key(self) -> tuple[str, str]:
        """What makes it this group, whatever is in it."""
        return self.file, self.name
