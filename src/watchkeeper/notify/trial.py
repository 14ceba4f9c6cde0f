"""A notification that tells of nothing, so that somebody sees whether it arrives."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush

ALERT_NAME = "WatchkeeperTest"
SUMMARY = "This is a test notification: nothing is wrong."
TRIAL_TIMEOUT_S = 30.0
"""What one integration may take, where its configuration sets no other limit."""
_LASTS_MS = 300_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a test notification by one integration.

    `failure` says why it did not go out and is empty where it did; `answer` is what the other side said last, `took_s`
    how many seconds it all took. `wrong_templates` are those that a plain text stood in for. No text holds a secret.
    """

    integration: str
    failure: str = ""
    answer: str = ""
    took_s: float = 0.0
    wrong_templates: tuple[str, ...] = ()


def trial_flush(receiver: str, at: int) -> Flush:
    """What is told at the instant `at`, in ms since the epoch: one alert that fires."""
    labels = Labels({"alertname": ALERT_NAME})
    alert = Alert(Labels({**labels, "severity": "info"}), Labels({"summary": SUMMARY}), at, at + _LASTS_MS)
    return Flush(
        receiver=receiver,
        group_key=f'{{}}:{{alertname="{ALERT_NAME}"}}',
        group_labels=labels,
        alerts=(alert,),
        repeat_interval_ms=_LASTS_MS,
        at=at,
        deadline=at + _LASTS_MS,
    )
