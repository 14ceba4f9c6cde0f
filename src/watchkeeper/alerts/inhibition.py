"""Alerts that mute others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.alerts.held import HeldAlert, Identity
from watchkeeper.alerts.route import matchers_of
from watchkeeper.alerts.sections import InhibitSection
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While a source fires, targets with the same values of the `equal` labels are mute."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    @classmethod
    def of(cls, section: InhibitSection) -> InhibitRule:
        """The rule that a section writes down."""
        return cls(
            matchers_of(section.source_match, section.source_match_re, section.source_matchers),
            matchers_of(section.target_match, section.target_match_re, section.target_matchers),
            tuple(sorted(set(section.equal))),
        )


@dataclass(frozen=True, slots=True)
class Inhibition:
    """An alert that mutes another, and the rule that says so."""

    source: HeldAlert
    rule: InhibitRule


class Inhibitor:
    """The rules, and the alerts that match their sources."""

    def __init__(self, rules: Sequence[InhibitRule] = ()) -> None:
        self._rules = rules
        self._sources: list[dict[tuple[str, ...], dict[Identity, HeldAlert]]] = [{} for _ in rules]

    def admit(self, held: HeldAlert) -> None:
        """Learn of an alert, once."""
        self.recognize(held)
        for i in held.sources:
            self._sources[i].setdefault(self._values(i, held), {})[held.identity] = held

    def recognize(self, held: HeldAlert) -> None:
        """Note in an alert which sides of which rules match it."""
        labels = held.alert.labels
        held.sources = tuple(i for i, rule in enumerate(self._rules) if _matches(rule.source, labels))
        held.targets = tuple(i for i, rule in enumerate(self._rules) if _matches(rule.target, labels))

    def forget(self, held: HeldAlert) -> None:
        """Know an alert no more."""
        for i in held.sources:
            values = self._values(i, held)
            alike = self._sources[i][values]
            del alike[held.identity]
            if not alike:
                del self._sources[i][values]

    def inhibitor_of(self, held: HeldAlert, at: int) -> HeldAlert | None:
        """The alert that mutes this one at the instant `at`."""
        found = self.inhibition_of(held, at)
        return None if found is None else found.source

    def inhibition_of(self, held: HeldAlert, at: int) -> Inhibition | None:
        """What mutes this alert at the instant `at`, by the first rule that does; of several sources, the last to end.

        An alert that matches both sides of a rule is not muted by one for which the same is true, itself included.
        """
        for i in held.targets:
            alike = self._sources[i].get(self._values(i, held))
            if not alike:
                continue
            both = i in held.sources
            firing = (o for o in alike.values() if not o.alert.is_resolved(at) and not (both and i in o.targets))
            found = max(firing, key=lambda o: o.alert.ends_at, default=None)
            if found is not None:
                return Inhibition(found, self._rules[i])
        return None

    def _values(self, i: int, held: HeldAlert) -> tuple[str, ...]:
        labels = held.alert.labels
        return (held.alert.tenant, *(labels.get(name, "") for name in self._rules[i].equal))


def _matches(matchers: Sequence[Matcher], labels: Labels) -> bool:
    return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)
