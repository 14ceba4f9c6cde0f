"""What only shows when people, schedules, policies and receivers are looked at together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.configuration.tree import Loc, Tree, locate
from watchkeeper.notify import Receiver
from watchkeeper.oncall.escalation.policy import read_target
from watchkeeper.oncall.sections import OnCallSections

_WHAT = {
    "person": "person",
    "schedule": "schedule",
    "team": "team",
    "lead-of": "team",
    "receiver": "receiver",
    "policy": "escalation policy",
}
_TELLS = "one with any of the …_configs would be right, such as webhook_configs"


def check_on_call(sections: OnCallSections, receivers: Sequence[Receiver], tree: Tree) -> Iterator[Problem]:
    """Everything that is wrong with the sections together; `tree` is the file's top level, for the places."""
    return _Checks(sections, receivers, tree).problems()


class _Checks:
    def __init__(self, sections: OnCallSections, receivers: Sequence[Receiver], tree: Tree) -> None:
        self._sections = sections
        self._receivers = receivers
        self._tree = tree
        teams = [one.name for one in sections.teams]
        self._names: dict[str, Collection[str]] = {
            "person": [one.name for one in sections.people],
            "schedule": [one.name for one in sections.schedules],
            "team": teams,
            "lead-of": teams,
            "receiver": [one.name for one in receivers],
            "policy": [one.name for one in sections.escalation_policies],
        }
        self._leads = {one.name for one in sections.teams if one.lead}
        self._named = {one.name: one for one in receivers}

    def problems(self) -> Iterator[Problem]:
        """All of them."""
        for key in ("people", "teams", "schedules", "escalation_policies"):
            yield from self._distinct([one.name for one in getattr(self._sections, key)], key)
        yield from self._people()
        yield from self._teams()
        yield from self._schedules()
        yield from self._policies()
        for i, receiver in enumerate(self._receivers):
            for j, config in enumerate(receiver.escalation_configs):
                yield from self._known("policy", config.policy, ("receivers", i, "escalation_configs", j, "policy"))

    def _distinct(self, names: Sequence[str], key: str) -> Iterator[Problem]:
        for i, name in enumerate(names):
            if (first := names.index(name)) != i:
                other = locate(self._tree, (key, first, "name"))
                yield self._problem((key, i, "name"), f'"{name}" is named at {other}, too: names must differ')

    def _people(self) -> Iterator[Problem]:
        for i, person in enumerate(self._sections.people):
            contacts = [contact.name for contact in person.contacts]
            for j, contact in enumerate(person.contacts):
                if contact.escalation_configs:
                    text = "a contact cannot escalate: it is what policies lead to"
                    yield self._problem(("people", i, "contacts", j, "escalation_configs"), text)
                if not any(contact.integrations()):
                    text = f'contact "{contact.name}" of {person.name} tells nobody: {_TELLS}'
                    yield self._problem(("people", i, "contacts", j), text)
            for j, rule in enumerate(person.rules):
                if rule.contact not in contacts:
                    hint = did_you_mean(rule.contact, contacts)
                    text = f'{person.name} has no contact "{rule.contact}"{hint}'
                    yield self._problem(("people", i, "rules", j, "contact"), text)

    def _teams(self) -> Iterator[Problem]:
        for i, team in enumerate(self._sections.teams):
            for j, name in enumerate(team.members):
                yield from self._known("person", name, ("teams", i, "members", j))
            if team.lead:
                yield from self._known("person", team.lead, ("teams", i, "lead"))

    def _schedules(self) -> Iterator[Problem]:
        for i, schedule in enumerate(self._sections.schedules):
            for j, layer in enumerate(schedule.layers):
                for k, crew in enumerate(layer.people):
                    for m, name in enumerate(crew):
                        yield from self._known("person", name, ("schedules", i, "layers", j, "people", k, m))
            for j, override in enumerate(schedule.overrides):
                yield from self._known("person", override.person, ("schedules", i, "overrides", j, "person"))
                if override.replaces:
                    yield from self._known("person", override.replaces, ("schedules", i, "overrides", j, "replaces"))

    def _policies(self) -> Iterator[Problem]:
        for i, policy in enumerate(self._sections.escalation_policies):
            places = [
                (text, ("escalation_policies", i, "steps", j, "notify", k))
                for j, step in enumerate(policy.steps)
                for k, text in enumerate(step.notify)
            ]
            places += [(text, ("escalation_policies", i, "fallback", k)) for k, text in enumerate(policy.fallback)]
            for text, loc in places:
                yield from self._target(policy.name, text, loc)

    def _target(self, policy: str, text: str, loc: Loc) -> Iterator[Problem]:
        target = read_target(text)
        yield from self._known(target.kind, target.name, loc)
        if target.kind == "lead-of" and target.name in self._names["team"] and target.name not in self._leads:
            yield self._problem(loc, f'team "{target.name}" has no lead')
        if target.kind == "receiver" and (receiver := self._named.get(target.name)):
            yield from self._receiver(policy, receiver, loc)

    def _receiver(self, policy: str, receiver: Receiver, loc: Loc) -> Iterator[Problem]:
        if not any(receiver.integrations()):
            yield self._problem(loc, f'receiver "{receiver.name}" tells nobody: {_TELLS}')
        way = self._way_to_a_policy(receiver)
        if len(way) == 1:
            text = f'receiver "{receiver.name}" escalates itself: policy {policy} would lead back to a policy'
            yield self._problem(loc, text)
        elif way:
            text = (
                f'receiver "{receiver.name}" falls back to one that escalates ({" → ".join(way)}): '
                f"policy {policy} would lead back to a policy"
            )
            yield self._problem(loc, text)

    def _way_to_a_policy(self, receiver: Receiver) -> list[str]:
        """The receiver, its fallback and so on up to the first that escalates; empty where none does."""
        way: list[str] = []
        following: Receiver | None = receiver
        while following is not None and following.name not in way:
            way.append(following.name)
            if following.escalation_configs:
                return way
            following = self._named.get(following.fallback)
        return []

    def _known(self, kind: str, name: str, loc: Loc) -> Iterator[Problem]:
        if name not in self._names[kind]:
            hint = did_you_mean(name, self._names[kind])
            yield self._problem(loc, f'there is no {_WHAT[kind]} "{name}"{hint}')

    def _problem(self, loc: Loc, text: str) -> Problem:
        return Problem(locate(self._tree, loc), f"{path(loc)}: {text}")
