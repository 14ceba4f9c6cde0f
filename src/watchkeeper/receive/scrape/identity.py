"""From the labels a target sends to the labels that are stored."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watchkeeper.model import relabel
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.failure import ScrapeFailure

_EXPORTED = "exported_"
_LEGACY_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LEGACY_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Identity:
    """How one target's series are named: its own public labels, and what the job says about labels."""

    target: Labels
    config: ScrapeConfig

    def of(self, labels: Labels) -> Labels | None:
        """The stored labels of a series, or None where relabelling drops it.

        Raises ScrapeFailure where they have no valid name or are over a limit.
        """
        merged = _under(labels, self.target) if self.config.honor_labels else _over(labels, self.target)
        kept = relabel.apply(self.config.metric_relabel_configs, merged)
        if kept is None or not len(kept):
            return None
        self._check(kept)
        return kept

    def report(self, name: str) -> Labels:
        """The labels of one of the series that each scrape adds, such as `up`."""
        return self.target.with_({METRIC_NAME: name})

    def _check(self, labels: Labels) -> None:
        if METRIC_NAME not in labels:
            raise ScrapeFailure("a series has no metric name (__name__) after relabelling")
        if self.config.metric_name_validation_scheme == "legacy":
            self._check_names(labels)
        self._check_limits(labels)

    def _check_names(self, labels: Labels) -> None:
        valid = _LEGACY_METRIC.fullmatch(labels[METRIC_NAME]) is not None
        if not valid or not all(_LEGACY_LABEL.fullmatch(name) for name in labels):
            raise ScrapeFailure(f"invalid metric name or label names: {dict(labels)}")

    def _check_limits(self, labels: Labels) -> None:
        config, metric = self.config, labels[METRIC_NAME][:_SHOWN]
        if 0 < config.label_limit < len(labels):
            raise ScrapeFailure(
                f"label_limit exceeded (metric: {metric}, number of labels: {len(labels)}, limit: {config.label_limit})"
            )
        longest_name, longest_value = config.label_name_length_limit, config.label_value_length_limit
        if not longest_name and not longest_value:
            return
        for name, value in labels.pairs:
            if 0 < longest_name < len(name.encode()):
                raise ScrapeFailure(
                    f"label_name_length_limit exceeded (metric: {metric}, label name: {name[:_SHOWN]}, "
                    f"length: {len(name.encode())}, limit: {longest_name})"
                )
            if 0 < longest_value < len(value.encode()):
                raise ScrapeFailure(
                    f"label_value_length_limit exceeded (metric: {metric}, label name: {name[:_SHOWN]}, "
                    f'value: "{value[:_SHOWN]}", length: {len(value.encode())}, limit: {longest_value})'
                )


def _under(labels: Labels, target: Labels) -> Labels:
    """The series' labels win (`honor_labels`)."""
    return Labels({**dict(target.pairs), **dict(labels.pairs)})


def _over(labels: Labels, target: Labels) -> Labels:
    """The target's labels win; those they push aside get the prefix `exported_`, the shortest name first."""
    merged = {**dict(labels.pairs), **dict(target.pairs)}
    for name in sorted((n for n in target if n in labels), key=len):
        exported = _EXPORTED + name
        while exported in merged:
            exported = _EXPORTED + exported
        merged[exported] = labels[name]
    return Labels(merged)
