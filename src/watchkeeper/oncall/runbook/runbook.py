"""What to do when something is wrong, written down beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from watchkeeper.model.severity import Severities

ANNOTATIONS = ("runbook", "runbook_url")
"""Annotations of a rule that may lead to a runbook."""
LABEL = "runbook"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in Markdown; `section` is the heading above it, empty where there is none."""

    text: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook by the name of its file. `body` is its Markdown without front matter.

    It is for alerts of the names in `alerts`; where they are given, `services` narrow that by the label `service`, and
    `severities`, which are levels or their aliases, by the label of the vocabulary.
    """

    name: str
    title: str
    body: str
    steps: tuple[Step, ...] = ()
    alerts: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    source: str = ""

    def is_for(self, labels: Mapping[str, str], severities: Severities) -> bool:
        """Say whether the front matter names an alert with these labels."""
        return (
            labels.get("alertname", "") in self.alerts
            and (not self.services or labels.get("service", "") in self.services)
            and (not self.severities or self._names(labels.get(severities.label, ""), severities))
        )

    def _names(self, severity: str, severities: Severities) -> bool:
        return severities.meaning(severity) in map(severities.meaning, self.severities)


@dataclass(frozen=True, slots=True)
class Runbooks:
    """All of them, by name, and the vocabulary that their severities are from."""

    by_name: Mapping[str, Runbook] = field(default_factory=dict[str, Runbook])
    severities: Severities = field(default_factory=Severities)

    def __iter__(self) -> Iterator[Runbook]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)

    def of(self, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Runbook | None:
        """The runbook for an alert.

        Its rule's annotation `runbook` or the label of that name says which, or the last part of the path in
        `runbook_url`, where there is a runbook of that name; else the first one whose front matter names the alert.
        """
        named = [annotations.get(name, "") for name in ANNOTATIONS]
        for text in (named[0], labels.get(LABEL, ""), named[1]):
            if (found := self.by_name.get(_last(text))) is not None:
                return found
        return next((one for one in self if one.is_for(labels, self.severities)), None)


def link_of(annotations: Mapping[str, str]) -> str:
    """Where a rule says that its runbook is on the web; empty where it says nothing of that kind."""
    texts = (annotations.get(name, "") for name in reversed(ANNOTATIONS))
    return next((text for text in texts if text.startswith(("http://", "https://"))), "")


def _last(text: str) -> str:
    return text.partition("#")[0].partition("?")[0].rstrip("/").rpartition("/")[2].removesuffix(".md")
