"""The configuration as Alertmanager would have it."""

from __future__ import annotations

from typing import TypeVar

from watchkeeper.alerts import RoutingGlobal, RoutingSections
from watchkeeper.app.configuration.configuration import Configuration
from watchkeeper.app.configuration.notification import NotificationSections
from watchkeeper.base.configuration import Section
from watchkeeper.base.configuration.rendering import render
from watchkeeper.notify import NotificationDefaults

S = TypeVar("S", bound=Section)


class AlertmanagerGlobal(NotificationDefaults, RoutingGlobal):
    """The `global` section of alertmanager.yml."""


class AlertmanagerFile(RoutingSections, NotificationSections):
    """The top level of alertmanager.yml."""

    global_: AlertmanagerGlobal = AlertmanagerGlobal()


def alertmanager_yaml(configuration: Configuration) -> str:
    """The keys that alertmanager.yml has, as they are understood, secrets shown as `<secret>`."""
    sections = configuration.sections
    whole = _part(AlertmanagerFile, sections)
    completed = {
        "global_": _part(AlertmanagerGlobal, sections.global_),
        "receivers": configuration.notify.receivers,
    }
    return render(whole.model_copy(update=completed))


def _part(kind: type[S], of: Section) -> S:
    """The fields of `of` that `kind` has, too; they have been checked already."""
    return kind.model_construct(**{name: getattr(of, name) for name in kind.model_fields})
