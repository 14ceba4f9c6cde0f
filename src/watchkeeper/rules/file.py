"""Rule files → groups, or everything that is wrong with them, each at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from watchkeeper.base.configuration import (
    ConfigurationFailure,
    Problem,
    Section,
    Tree,
    decode,
    locate,
    read_document,
    read_file,
)
from watchkeeper.base.configuration.tree import Items, Loc, Table
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql import ParseFailure, parse
from watchkeeper.query.promql.printer import to_text
from watchkeeper.rules.expansion import RuleTemplate
from watchkeeper.rules.rule import AlertingRule, Pairs, RecordingRule, Rule, RuleGroup
from watchkeeper.rules.sections import GroupSection, RuleFileSection, RuleSection
from watchkeeper.template import TemplateFailure

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class GroupDefaults:
    """What groups take from `global` where they do not say it themselves."""

    interval_ms: int = 60_000
    query_offset_ms: int = 0


def read_rule_files(paths: Sequence[Path], defaults: GroupDefaults) -> tuple[RuleGroup, ...]:
    """The groups of all files, in order. Raises ConfigurationFailure with every problem in every file."""
    groups: list[RuleGroup] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            groups.extend(read_rules(read_file(path), str(path), defaults))
        except ConfigurationFailure as failure:
            problems.extend(failure.problems)
    if problems:
        raise ConfigurationFailure(problems)
    return tuple(groups)


def read_rule_text(text: str, file: str, defaults: GroupDefaults) -> tuple[RuleGroup, ...]:
    """The groups written in `text`. Raises ConfigurationFailure."""
    return read_rules(read_document(text, file), file, defaults)


def read_rules(tree: Tree, file: str, defaults: GroupDefaults) -> tuple[RuleGroup, ...]:
    """The groups of one file. Raises ConfigurationFailure with every problem in it."""
    problems: list[Problem] = []
    try:
        sections: Sequence[GroupSection | None] = decode(RuleFileSection, tree).groups
    except ConfigurationFailure as failure:
        problems.extend(failure.problems)
        sections = [_decoded(GroupSection, group, ("groups", i)) for i, group in enumerate(_groups(tree))]
    problems.extend(_Checks(tree, sections).all())
    if problems:
        raise ConfigurationFailure(problems)
    return tuple(_group(section, file, defaults) for section in sections if section is not None)


def _groups(tree: Tree) -> Sequence[Tree]:
    groups = _entry(tree, "groups")
    return groups.items if isinstance(groups, Items) else ()


def _decoded(section: type[S], tree: Tree, at: Loc) -> S | None:
    """The section, or None where it is malformed, which has been said already."""
    try:
        return decode(section, tree, at)
    except ConfigurationFailure:
        return None


def _entry(tree: Tree, key: str) -> Tree | None:
    return tree.entries.get(key) if isinstance(tree, Table) else None


def _sound_rules(group: Tree, at: Loc) -> Iterator[tuple[int, RuleSection]]:
    """The rules of a malformed group that are well-formed themselves, with their numbers."""
    rules = _entry(group, "rules")
    for j, tree in enumerate(rules.items if isinstance(rules, Items) else ()):
        rule = _decoded(RuleSection, tree, (*at, "rules", j))
        if rule is not None:
            yield j, rule


class _Checks:
    """What must hold beyond the shape of the file, in Prometheus' words."""

    def __init__(self, tree: Tree, groups: Sequence[GroupSection | None]) -> None:
        self._tree = tree
        self._groups = groups

    def all(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for i, group in enumerate(self._groups):
            if group is None:
                tree, at = _groups(self._tree)[i], ("groups", i)
                yield from self._rules(_sound_rules(tree, at), str(_entry(tree, "name") or ""), at)
                continue
            yield from self._group(group, ("groups", i), seen)
            seen.add(group.name)

    def _problem(self, at: Loc, message: str, *, key: bool = False) -> Problem:
        return Problem(locate(self._tree, at, key=key), message)

    def _group(self, group: GroupSection, at: Loc, seen: set[str]) -> Iterator[Problem]:
        if not group.name:
            yield self._problem(at, "Groupname must not be empty")
        elif group.name in seen:
            yield self._problem((*at, "name"), f'groupname: "{group.name}" is repeated in the same file')
        if not group.tenant:
            yield self._problem((*at, "tenant"), f'group "{group.name}": tenant must not be empty')
        for name in group.labels:
            if not _is_label(name):
                yield self._problem((*at, "labels", name), f"invalid label name: {name}", key=True)
        yield from self._rules(enumerate(group.rules), group.name, at)

    def _rules(self, rules: Iterable[tuple[int, RuleSection]], group: str, at: Loc) -> Iterator[Problem]:
        for j, rule in rules:
            for where, message in _rule_problems(rule):
                text = f'group "{group}", rule {j + 1}, "{rule.name}": {message}'
                yield self._problem((*at, "rules", j, *where), text, key=len(where) > 1)


def _rule_problems(rule: RuleSection) -> Iterator[tuple[Loc, str]]:
    if rule.record and rule.alert:
        yield ("alert",), "only one of 'record' and 'alert' must be set"
    if not rule.record and not rule.alert:
        yield (), "one of 'record' or 'alert' must be set"
    yield from _expression_problems(rule)
    if rule.record:
        yield from _recording_problems(rule)
    for name in rule.labels:
        if not _is_label(name):
            yield ("labels", name), f"invalid label name: {name}"
    for name in rule.annotations:
        if not name:
            yield ("annotations", name), f"invalid annotation name: {name}"
    if rule.alert:
        yield from _template_problems(rule)


def _expression_problems(rule: RuleSection) -> Iterator[tuple[Loc, str]]:
    if not rule.expr:
        yield (), "field 'expr' must be set in rule"
        return
    try:
        parse(rule.expr)
    except ParseFailure as why:
        yield ("expr",), f"could not parse expression: {why}"


def _recording_problems(rule: RuleSection) -> Iterator[tuple[Loc, str]]:
    unfit: tuple[tuple[str, object], ...] = (
        ("annotations", rule.annotations),
        ("for", rule.for_ms),
        ("keep_firing_for", rule.keep_firing_for_ms),
    )
    for key, value in unfit:
        if value:
            yield (key,), f"invalid field '{key}' in recording rule"
    if "{" in rule.record or "}" in rule.record:
        yield ("record",), f"braces present in the recording rule name; should it be in expr?: {rule.record}"


def _template_problems(rule: RuleSection) -> Iterator[tuple[Loc, str]]:
    places: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("labels", "label", rule.labels),
        ("annotations", "annotation", rule.annotations),
    )
    for key, word, texts in places:
        for name, text in texts.items():
            try:
                RuleTemplate(text, rule.alert)
            except TemplateFailure as why:
                yield (key, name), f'{word} "{name}": {why}'


def _is_label(name: str) -> bool:
    return name not in ("", METRIC_NAME)


def _group(section: GroupSection, file: str, defaults: GroupDefaults) -> RuleGroup:
    offset = section.query_offset_ms
    return RuleGroup(
        section.name,
        file,
        section.interval_ms or defaults.interval_ms,
        tuple(_rule(rule, section.labels) for rule in section.rules),
        defaults.query_offset_ms if offset is None else offset,
        section.limit,
        section.tenant,
    )


def _rule(section: RuleSection, group_labels: Mapping[str, str]) -> Rule:
    query = to_text(parse(section.expr))
    labels = _pairs({**group_labels, **section.labels})
    if section.record:
        return RecordingRule(section.record, query, labels)
    annotations = _pairs(section.annotations)
    return AlertingRule(section.alert, query, section.for_ms, section.keep_firing_for_ms, labels, annotations)


def _pairs(labels: Mapping[str, str]) -> Pairs:
    return tuple(sorted((str(name), str(value)) for name, value in labels.items()))
