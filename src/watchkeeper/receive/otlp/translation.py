"""How OpenTelemetry's metrics become Prometheus' (the options of the `otlp` section)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Translation:
    """The rules in force; the defaults are Prometheus'.

    `escape` turns what the classic names do not allow into underscores, `suffixes` adds units, `_total` and `_ratio`.
    With `promote_all` every resource attribute but those in `ignored` becomes a label, else those in `promoted`.
    `target_info_every_ms` is how far apart samples of `target_info` are, where a request spans a long time.
    """

    escape: bool = True
    suffixes: bool = True
    promote_all: bool = False
    promoted: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    keep_identifying: bool = False
    histograms_to_nhcb: bool = False
    promote_scope: bool = False
    label_underscore_key: bool = True
    label_multiple_underscores: bool = True
    type_and_unit_labels: bool = False
    target_info_every_ms: int = 150_000

    def promotes(self, attribute: str) -> bool:
        """Say whether a resource's attribute becomes a label of its series."""
        return attribute not in self.ignored if self.promote_all else attribute in self.promoted
