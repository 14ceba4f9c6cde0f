"""`jira_configs`: an issue for each group, in Jira Cloud or Data Center."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from watchkeeper.base.configuration import DurationMs, Flag, Section, Text
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import Anything, URLText, lacking


def _field(value: object) -> object:
    """A field may be written as its template alone."""
    return {"template": value} if isinstance(value, str) else value


class JiraField(Section):
    """A text of the issue, and whether it is written again when the issue is updated."""

    template: Text = ""
    enable_update: Flag = True


class JiraConfig(OverHTTPConfig):
    """An issue that is opened, updated, reopened (within `reopen_duration`, 0: ever) and resolved with the group.

    With a `comment`, which Alertmanager does not have, each change is told below it as well.
    """

    kind: ClassVar[str] = "jira"

    api_url: URLText = ""
    api_type: Literal["auto", "cloud", "datacenter"] = "auto"
    project: Text
    summary: Annotated[JiraField, BeforeValidator(_field)] = JiraField(
        template='{{ template "jira.default.summary" . }}'
    )
    description: Annotated[JiraField, BeforeValidator(_field)] = JiraField(
        template='{{ template "jira.default.description" . }}'
    )
    comment: Text = ""
    labels: tuple[Text, ...] = ()
    priority: Text = '{{ template "jira.default.priority" . }}'
    issue_type: Text
    reopen_transition: Text = ""
    resolve_transition: Text = ""
    wont_fix_resolution: Text = ""
    reopen_duration_ms: DurationMs = 0
    fields: Anything = EMPTY

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.project:
            raise ValueError("project is empty")
        if not self.issue_type:
            raise ValueError("issue_type is empty")
        if not isinstance(self.fields, Mapping):
            raise ValueError("fields should be a mapping")
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is no address."""
        url = self.api_url or defaults.jira_api_url
        if not url:
            raise lacking("address", "api_url", "global.jira_api_url")
        return super().resolved(defaults).model_copy(update={"api_url": url})
