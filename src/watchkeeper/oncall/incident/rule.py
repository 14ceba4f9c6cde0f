"""Which alerts open an incident, and what it is like."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from watchkeeper.model.alert import Alert
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher
from watchkeeper.notify.templating import Templates, data_of
from watchkeeper.oncall.incident.incident import GroupName, Incident, Link, LinkedAlert, Ticket
from watchkeeper.oncall.runbook import Runbooks, link_of
from watchkeeper.template import TemplateFailure

log = logging.getLogger(__name__)

LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Opening:
    """What rules need to open incidents: templates, runbooks, and the URL by which people reach us."""

    templates: Templates
    runbooks: Runbooks
    external_url: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `incidents`. A `severity`, `service` or `team` that is empty is the value of the alert's label."""

    name: str
    matchers: tuple[Matcher, ...]
    group_by: tuple[str, ...]
    title: str
    severity: str
    severity_label: str
    service: str
    service_label: str
    team: str
    team_label: str
    assignee: str
    runbook: str
    automatic: bool
    reopen_within_ms: int
    ticket: str

    def matches(self, labels: Labels) -> bool:
        """Say whether an alert with these labels opens an incident."""
        return all(one.matches(labels.get(one.name, "")) for one in self.matchers)

    def group(self, labels: Labels) -> GroupName:
        """Which incident such an alert belongs to while it is open."""
        return GroupName(self.name, {name: labels.get(name, "") for name in self.group_by})

    def opened(self, number: int, alerts: Sequence[Alert], opening: Opening, now: int) -> Incident:
        """The incident that alerts of one group open at the instant `now`."""
        first, runbooks = alerts[0], opening.runbooks
        runbook = runbooks.by_name.get(self.runbook) or runbooks.of(first.labels, first.annotations)
        link = link_of(first.annotations)
        return Incident(
            number=number,
            title=self._title(alerts, opening, now),
            triggered_at=now,
            tenant=first.tenant,
            severity=self.severity or first.labels.get(self.severity_label, ""),
            service=self.service or first.labels.get(self.service_label, ""),
            team=self.team or first.labels.get(self.team_label, ""),
            assignee=self.assignee,
            runbook=runbook.name if runbook is not None else "",
            automatic=self.automatic,
            labels=_common(alerts),
            links=(Link(link, "runbook"),) if link and runbook is None else (),
            alerts=tuple(linked(alert) for alert in alerts),
            groups=(self.group(first.labels),),
            ticket=Ticket(self.ticket, now) if self.ticket else None,
        )

    def _title(self, alerts: Sequence[Alert], opening: Opening, now: int) -> str:
        """The title over the alerts; where the template fails or says nothing, their names."""
        labels = Labels(self.group(alerts[0].labels).labels)
        try:
            data = data_of("", "", labels, alerts, at=now, reason="", external_url=opening.external_url)
            return one_line(opening.templates.render(self.title, data)) or _names(alerts)
        except TemplateFailure as failure:
            log.warning("the title of the incident rule %s cannot be made: %s", self.name, failure)
            return _names(alerts)


def linked(alert: Alert) -> LinkedAlert:
    """An alert that fires, as an incident holds it."""
    return LinkedAlert(fingerprint(alert.labels), dict(alert.labels.pairs), alert.starts_at)


def check_title(text: str) -> None:
    """Read a title's template. Raises TemplateFailure."""
    _checker().check(text)


def one_line(text: str) -> str:
    """A title that people can read in a list."""
    return " ".join(text.split())[:LONGEST_TITLE]


def _names(alerts: Sequence[Alert]) -> str:
    names = sorted({alert.labels.get("alertname", "alert") for alert in alerts})
    return one_line(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more")


def _common(alerts: Sequence[Alert]) -> dict[str, str]:
    """The labels that all alerts have in common."""
    rest = alerts[1:]
    return {n: v for n, v in alerts[0].labels.pairs if all(other.labels.get(n) == v for other in rest)}


@lru_cache(1)
def _checker() -> Templates:
    return Templates((), lambda: 0)
