"""An alert about an integration whose templates are wrong, so that a plain text stands in for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from watchkeeper.base.clock import Clock
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.template import TemplateFailure

NAME = "WatchkeeperTemplateFailing"
LASTS_MS = 3_600_000
"""How long it fires after the last text that could not be rendered: others may well be, so they do not end it."""
AGAIN_MS = 60_000
"""How often it is raised anew at the most, where many notifications fail."""

Alarm: TypeAlias = Callable[[Alert], None]
"""Takes alerts about notification itself to where alerts are routed."""


class TemplateAlert:
    """`labels` name the receiver and the integration."""

    def __init__(self, labels: Mapping[str, str], clock: Clock, alarm: Alarm, external_url: str) -> None:
        self._labels = labels
        self._clock = clock
        self._alarm = alarm
        self._external_url = external_url
        self._since = 0
        self._raised_at = 0
        self._ends_at = 0
        self._ended = False

    def raised(self, failures: Sequence[TemplateFailure]) -> None:
        """Texts of a notification could not be rendered, for these reasons."""
        now = self._clock.now_ms()
        if not failures or self._ended or 0 <= now - self._raised_at < AGAIN_MS:
            return
        if now >= self._ends_at:
            self._since = now
        self._raised_at, self._ends_at = now, now + LASTS_MS
        self._tell("; ".join(dict.fromkeys(str(failure) for failure in failures)))

    def renewed(self) -> None:
        """The templates have been read anew: it ends, and fires again where they are still wrong."""
        now = self._clock.now_ms()
        if now < self._ends_at:
            self._raised_at, self._ends_at = 0, now
            self._tell("the templates have been read anew")

    def end(self) -> None:
        """The integration is there no longer, whatever is still under way."""
        self.renewed()
        self._ended = True

    def _tell(self, text: str) -> None:
        labels = Labels({"alertname": NAME, "severity": "warning", **self._labels})
        name = f"{self._labels['receiver']}/{self._labels['integration']}"
        annotations = Labels({"summary": f"{name} is told in plain text: a template is wrong", "description": text})
        self._alarm(Alert(labels, annotations, self._since, self._ends_at, self._external_url))
