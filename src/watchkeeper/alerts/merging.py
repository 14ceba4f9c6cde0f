"""What is known of an alert, and what arrives now, as one (Alertmanager's `Alert.Merge`)."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.alerts.held import HeldAlert
from watchkeeper.model.alert import Alert


def merged(old: HeldAlert, new: Alert, now: int) -> Alert:
    """The new alert, with the earlier beginning and an end that does not lie too early where the two overlap in time.

    An end that a sender gave outlasts one that we assumed; of two ended alerts the later end counts.
    """
    before = old.alert
    overlaps = (before.starts_at < new.ends_at < before.ends_at) or (before.starts_at < new.starts_at < before.ends_at)
    if not overlaps:
        return new
    if new.is_resolved(now):
        later = before.is_resolved(now) and before.ends_at > new.ends_at
    else:
        later = before.ends_at > new.ends_at and not old.timed_out
    ends_at = before.ends_at if later else new.ends_at
    return replace(new, starts_at=min(before.starts_at, new.starts_at), ends_at=ends_at)
