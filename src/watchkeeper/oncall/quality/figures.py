"""How good alerts are: whether they are rare, short, answered, and let people sleep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median, quantiles

from watchkeeper.model.nights import Nights
from watchkeeper.model.severity import Severities, Severity
from watchkeeper.oncall.quality.episode import Episode

WEEK_MS = 7 * 86_400_000
MINUTE_MS = 60_000
DEFAULT_SEVERITIES = Severities(
    (
        Severity("critical", ("page",), 15 * MINUTE_MS),
        Severity("error", (), 60 * MINUTE_MS),
        Severity("warning", (), 240 * MINUTE_MS),
    )
)
"""How soon somebody should act where no configuration says so."""


class By(StrEnum):
    """What figures are about: rules by their names, or teams by their label."""

    RULE = "rule"
    TEAM = "team"

    @property
    def label(self) -> str:
        """The label that names it."""
        return "alertname" if self is By.RULE else "team"


@dataclass(frozen=True, slots=True)
class Measure:
    """How figures are taken, from `since` to `until` (ms); `severities` say how soon somebody should act."""

    since: int
    until: int
    nights: Nights = field(default_factory=Nights)
    flap_within_ms: int = 10 * MINUTE_MS
    severities: Severities = DEFAULT_SEVERITIES


@dataclass(frozen=True, slots=True)
class Figures:
    """One rule's or team's figures; `name` is empty where alerts have no such label.

    Durations (ms) are those of firings that have ended, None where none has. `acted` counts firings that somebody
    acknowledged or silenced, `median_to_act_ms` is how long that took. `due` are firings that somebody should have
    acted on by their severity's target (those that ended before by themselves are not), `in_time` those of them where
    it was done. `at_night` counts firings that people were told of at night, `flaps` those soon after an end.
    """

    name: str
    fired: int
    firing_now: int
    per_week: float
    median_ms: int | None
    p90_ms: int | None
    acted: int
    acknowledged: int
    silenced: int
    median_to_act_ms: int | None
    due: int
    in_time: int
    at_night: int
    flaps: int
    notifications: int
    severities: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


def figures(episodes: Sequence[Episode], by: By, measure: Measure) -> list[Figures]:
    """The figures of every rule or team, the one that fired most first."""
    groups: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        groups[episode.labels.get(by.label, "")].append(episode)
    found = [_of(name, some, measure) for name, some in groups.items()]
    return sorted(found, key=lambda one: (-one.fired, one.name))


def total(episodes: Sequence[Episode], measure: Measure) -> Figures:
    """The figures of all together."""
    return _of("", episodes, measure)


def _of(name: str, episodes: Sequence[Episode], measure: Measure) -> Figures:
    lengths = [one.until - one.since for one in episodes if one.until is not None]
    waits = [max(one.acted_at - one.since, 0) for one in episodes if one.acted_at is not None]
    due = [one for one in episodes if _is_due(one, measure)]
    return Figures(
        name=name,
        fired=len(episodes),
        firing_now=sum(one.until is None for one in episodes),
        per_week=len(episodes) * WEEK_MS / max(measure.until - measure.since, 1),
        median_ms=round(median(lengths)) if lengths else None,
        p90_ms=_p90(lengths),
        acted=len(waits),
        acknowledged=sum(one.acknowledged_at is not None for one in episodes),
        silenced=sum(one.silenced_at is not None for one in episodes),
        median_to_act_ms=round(median(waits)) if waits else None,
        due=len(due),
        in_time=sum(_in_time(one, measure) for one in due),
        at_night=sum(one.told_at is not None and measure.nights.include(one.told_at) for one in episodes),
        flaps=_flaps(episodes, measure.flap_within_ms),
        notifications=len({identity for one in episodes for identity in one.notifications}),
        severities=_values(episodes, measure.severities.label),
        teams=_values(episodes, "team"),
    )


def _p90(lengths: Sequence[int]) -> int | None:
    if len(lengths) < 2:
        return lengths[0] if lengths else None
    return round(quantiles(lengths, n=10, method="inclusive")[8])


def _deadline(episode: Episode, measure: Measure) -> int | None:
    severity = measure.severities.named(episode.labels.get(measure.severities.label, ""))
    return None if severity is None else measure.severities.response_deadline(severity, episode.since)


def _is_due(episode: Episode, measure: Measure) -> bool:
    deadline = _deadline(episode, measure)
    if deadline is None:
        return False
    end = measure.until if episode.until is None else episode.until
    return episode.acted_at is not None or end >= deadline


def _in_time(episode: Episode, measure: Measure) -> bool:
    deadline = _deadline(episode, measure)
    return deadline is not None and episode.acted_at is not None and episode.acted_at <= deadline


def _flaps(episodes: Sequence[Episode], within_ms: int) -> int:
    ended: dict[str, int] = {}
    flaps = 0
    for one in sorted(episodes, key=lambda one: one.since):
        before = ended.get(one.fingerprint)
        flaps += before is not None and one.since - before <= within_ms
        if one.until is not None:
            ended[one.fingerprint] = one.until
    return flaps


def _values(episodes: Sequence[Episode], label: str) -> tuple[str, ...]:
    values = {one.labels.get(label, "") for one in episodes}
    return tuple(sorted(values - {""}))
