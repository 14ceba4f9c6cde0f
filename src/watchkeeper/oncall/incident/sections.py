"""`incidents`, as it is written: which alerts open an incident."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from watchkeeper.alerts.matchers import read_matchers
from watchkeeper.alerts.sections import LabelName, MatchersText
from watchkeeper.base.configuration import DurationMs, Flag, Section, Text
from watchkeeper.base.duration import format_duration
from watchkeeper.oncall.incident.rule import Rule, check_title
from watchkeeper.template import TemplateFailure

LONGEST_REOPEN_MS = 7 * 86_400_000
DEFAULT_TITLE = "{{ or .CommonAnnotations.summary .CommonLabels.alertname }}"


def _named(name: str) -> str:
    if not name.strip():
        raise ValueError("a rule needs a name, by which incidents say what opened them")
    return name


def _title(text: str) -> str:
    try:
        check_title(text)
    except TemplateFailure as failure:
        raise ValueError(f"is no template, at its column {failure.column}: {failure.message}") from None
    return text


def _reopen_within(ms: int) -> int:
    if ms > LONGEST_REOPEN_MS:
        raise ValueError(f"is longer than {format_duration(LONGEST_REOPEN_MS)}")
    return ms


class IncidentSection(Section):
    """Alerts that match all `matchers` open an incident, one for each group of labels while it is open."""

    name: Annotated[Text, AfterValidator(_named)]
    matchers: tuple[MatchersText, ...]
    group_by: tuple[LabelName, ...] = ("alertname", "service")
    title: Annotated[Text, AfterValidator(_title)] = DEFAULT_TITLE
    severity: Text = ""
    severity_label: LabelName = "severity"
    service: Text = ""
    service_label: LabelName = "service"
    team: Text = ""
    team_label: LabelName = "team"
    assignee: Text = ""
    runbook: Text = ""
    ticket: Text = ""
    resolve_automatically: Flag = True
    reopen_within_ms: Annotated[DurationMs, AfterValidator(_reopen_within)] = 900_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.matchers:
            raise ValueError('without matchers every alert would open an incident: say alertname!="" if that is meant')
        return self

    def rule(self) -> Rule:
        """What it says."""
        return Rule(
            name=self.name,
            matchers=tuple(matcher for text in self.matchers for matcher in read_matchers(text)),
            group_by=self.group_by,
            title=self.title or DEFAULT_TITLE,
            severity=self.severity,
            severity_label=self.severity_label,
            service=self.service,
            service_label=self.service_label,
            team=self.team,
            team_label=self.team_label,
            assignee=self.assignee,
            runbook=self.runbook,
            automatic=self.resolve_automatically,
            reopen_within_ms=self.reopen_within_ms,
            ticket=self.ticket,
        )
