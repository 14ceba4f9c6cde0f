"""How long it takes to take incidents up, and to end them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

from watchkeeper.oncall.incident.incident import Incident


class By(StrEnum):
    """What incidents are counted by."""

    SERVICE = "service"
    SEVERITY = "severity"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Figures:
    """Incidents of one service (or severity, or team) and their times in seconds, None where there are none."""

    name: str
    incidents: int
    open: int
    acknowledged: int
    resolved: int
    mean_to_acknowledge_s: float | None
    median_to_acknowledge_s: float | None
    mean_to_resolve_s: float | None
    median_to_resolve_s: float | None


def statistics(incidents: Iterable[Incident], by: By) -> list[Figures]:
    """The figures, most incidents first; what has become part of another incident is counted with that."""
    groups: dict[str, list[Incident]] = {}
    for incident in incidents:
        if not incident.merged_into:
            groups.setdefault(getattr(incident, by.value), []).append(incident)
    found = [_figures(name, group) for name, group in groups.items()]
    return sorted(found, key=lambda figures: (-figures.incidents, figures.name))


def _figures(name: str, incidents: Sequence[Incident]) -> Figures:
    acknowledged = [_seconds(one, one.acknowledged_at) for one in incidents if one.acknowledged_at is not None]
    resolved = [_seconds(one, one.resolved_at) for one in incidents if one.resolved_at is not None]
    return Figures(
        name,
        len(incidents),
        sum(one.is_open for one in incidents),
        len(acknowledged),
        len(resolved),
        fmean(acknowledged) if acknowledged else None,
        median(acknowledged) if acknowledged else None,
        fmean(resolved) if resolved else None,
        median(resolved) if resolved else None,
    )


def _seconds(incident: Incident, at: int) -> float:
    return max(at - incident.triggered_at, 0) / 1000
