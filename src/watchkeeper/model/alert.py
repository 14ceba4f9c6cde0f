"""An alert on its way from a rule to whoever routes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeeper.model.labels import Labels
from watchkeeper.model.tenant import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong, or was; times in ms since the epoch.

    `labels` say which alert it is. `starts_at` is when it began to fire. Where `ends_at` lies in the past the alert
    has ended; where it lies ahead, it ends then unless it is sent again. `generator_url` leads to the expression
    behind it.
    """

    labels: Labels
    annotations: Mapping[str, str]
    starts_at: int
    ends_at: int
    generator_url: str = ""
    tenant: str = field(default=DEFAULT_TENANT)

    def is_resolved(self, at: int) -> bool:
        """Say whether the alert has ended by the instant `at`."""
        return self.ends_at <= at
