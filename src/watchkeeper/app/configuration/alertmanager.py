"""The configuration as Alertmanager would have it."""

from __future__ import annotations

from typing import TypeVar

from watchkeeper.alerts import RoutingGlobal, RoutingSections
from watchkeeper.app.configuration.alertmanager_form import form
from watchkeeper.app.configuration.configuration import Configuration
from watchkeeper.app.configuration.go_yaml import go_yaml
from watchkeeper.app.configuration.notification import NotificationSections
from watchkeeper.base.configuration import Section
from watchkeeper.notify import NotificationDefaults

S = TypeVar("S", bound=Section)


class AlertmanagerGlobal(NotificationDefaults, RoutingGlobal):
    """The `global` section of alertmanager.yml."""


class AlertmanagerFile(RoutingSections, NotificationSections):
    """The top level of alertmanager.yml but for `global`."""


_ORDER = ("global", "route", "inhibit_rules", "receivers", "templates", "mute_time_intervals", "time_intervals")
_FIRST = ("resolve_timeout", "http_config", "jira_api_url")


def alertmanager_yaml(configuration: Configuration) -> str:
    """The keys that alertmanager.yml has, as Alertmanager writes them, secrets shown as `<secret>`."""
    sections = configuration.sections
    receivers = configuration.notify.receivers
    whole = form(_part(AlertmanagerFile, sections).model_copy(update={"receivers": receivers}))
    defaults = form(_part(AlertmanagerGlobal, sections.global_))
    whole["global"] = {key: defaults[key] for key in (*_FIRST, *defaults) if key in defaults}
    return go_yaml({key: whole[key] for key in _ORDER if key in whole})


def _part(kind: type[S], of: Section) -> S:
    """The fields of `of` that `kind` has, too; they have been checked already."""
    return kind.model_construct(**{name: getattr(of, name) for name in kind.model_fields})
