"""Alerts as their senders put them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Received:
    """An alert from outside; times in ms since the epoch, None where the sender left it to us."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: int | None = None
    ends_at: int | None = None
    generator_url: str = ""

    def alert(self, now: int, resolve_timeout_ms: int, tenant: str) -> Alert:
        """The alert: one without an end ends after the timeout, one without a beginning begins now or at its end."""
        starts_at, ends_at = self.starts_at, self.ends_at
        if starts_at is None:
            starts_at = now if ends_at is None else ends_at
        if ends_at is None:
            ends_at = now + resolve_timeout_ms
        labels, annotations = shared(self.labels), dict(sorted(shared(self.annotations)))
        return Alert(Labels(labels), annotations, starts_at, ends_at, intern(self.generator_url), tenant)


def shared(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs, in which a text that many alerts have is one object for all of them, as long as one is held."""
    return [(intern(name), intern(value)) for name, value in texts.items()]


def checked(alert: Alert) -> str:
    """Why an alert cannot be taken, in Alertmanager's words; empty where it can."""
    if alert.ends_at < alert.starts_at:
        return "start time must be before end time"
    if not alert.labels:
        return "at least one label pair required"
    if "" in alert.labels:
        return 'invalid label set: invalid name ""'
    if "" in alert.annotations:
        return 'invalid annotations: invalid name ""'
    return ""
