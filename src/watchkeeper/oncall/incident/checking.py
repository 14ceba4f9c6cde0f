"""What can be wrong with `incidents` and is not said by the section itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from watchkeeper.base.configuration import Problem, Tree, locate
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.oncall.incident.sections import IncidentSection
from watchkeeper.oncall.runbook import Runbooks

KEY = "incidents"


def check_incidents(
    sections: Sequence[IncidentSection], runbooks: Runbooks, receivers: Collection[str], tree: Tree
) -> Iterator[Problem]:
    """A problem for each name that stands there twice, and for each runbook or receiver that there is not."""
    names = [section.name for section in sections]
    for i, section in enumerate(sections):
        if section.name in names[:i]:
            message = f'{KEY}[{i}].name: there is a rule "{section.name}" already'
            yield Problem(locate(tree, (KEY, i, "name")), message)
        if section.runbook and section.runbook not in runbooks.by_name:
            hint = did_you_mean(section.runbook, runbooks.by_name)
            message = f'{KEY}[{i}].runbook: there is no runbook "{section.runbook}"{hint}'
            yield Problem(locate(tree, (KEY, i, "runbook")), message)
        if section.ticket and section.ticket not in receivers:
            hint = did_you_mean(section.ticket, receivers)
            message = f'{KEY}[{i}].ticket: there is no receiver "{section.ticket}"{hint}'
            yield Problem(locate(tree, (KEY, i, "ticket")), message)
