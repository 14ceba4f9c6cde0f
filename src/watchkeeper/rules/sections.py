"""Rule files as they are written (Prometheus' format, with a tenant for each group)."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.base.configuration import DurationMs, Integer, Section, Text
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.model.tenant import DEFAULT_TENANT


class RuleSection(Section):
    """One rule: either `record` or `alert` is set."""

    record: Text = ""
    alert: Text = ""
    expr: Text = ""
    for_ms: DurationMs = 0
    keep_firing_for_ms: DurationMs = 0
    labels: Mapping[Text, Text] = EMPTY
    annotations: Mapping[Text, Text] = EMPTY

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.alert or self.record


class GroupSection(Section):
    """One group."""

    name: Text = ""
    interval_ms: DurationMs = 0
    query_offset_ms: DurationMs | None = None
    limit: Integer = 0
    labels: Mapping[Text, Text] = EMPTY
    tenant: Text = DEFAULT_TENANT
    rules: tuple[RuleSection, ...] = ()


class RuleFileSection(Section):
    """A whole file."""

    groups: tuple[GroupSection, ...] = ()
