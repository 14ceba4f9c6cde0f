"""Relabelling: rules that rewrite, keep or drop label sets (Prometheus' `relabel_config`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, ConfigDict, with_config

from watchkeeper.base.configuration.scalars import Count, Text
from watchkeeper.base.failure import Failure
from watchkeeper.model.expansion import Template
from watchkeeper.model.expression import Expression, ExpressionFailure
from watchkeeper.model.labels import Labels

DEFAULT_REGEX = "(.*)"
_LEGACY_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LEGACY_TEMPLATE = re.compile(r"(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))(?:\w|\$(?:\{\w+\}|\w+))*", re.ASCII)


class RelabelFailure(Failure, ValueError):
    """A rule that makes no sense."""


class Action(StrEnum):
    """What a rule does."""

    REPLACE = "replace"
    KEEP = "keep"
    DROP = "drop"
    KEEP_EQUAL = "keepequal"
    DROP_EQUAL = "dropequal"
    HASHMOD = "hashmod"
    LABELMAP = "labelmap"
    LABELDROP = "labeldrop"
    LABELKEEP = "labelkeep"
    LOWERCASE = "lowercase"
    UPPERCASE = "uppercase"


_EQUALITY = frozenset({Action.KEEP_EQUAL, Action.DROP_EQUAL})
_CASE = frozenset({Action.LOWERCASE, Action.UPPERCASE})
_NAMES_ONLY = frozenset({Action.LABELDROP, Action.LABELKEEP})
_WRITES = frozenset({Action.REPLACE, Action.HASHMOD}) | _CASE | _EQUALITY


def _action(value: object) -> object:
    if not isinstance(value, str) or isinstance(value, Action):
        return value
    if value.lower() not in set(Action):
        raise ValueError(f'unknown relabel action "{value}" (there are {", ".join(Action)})')
    return Action(value.lower())


def _name(value: object) -> object:
    if value is None or value == "":
        raise ValueError('"" is not a valid label name')
    return value


class LabelBuilder:
    """Labels in the making. New and changed labels come after untouched ones, as in Prometheus' builder."""

    __slots__ = ("_touched", "values")

    def __init__(self, labels: Labels) -> None:
        self.values: dict[str, str] = dict(labels.pairs)
        self._touched: set[str] = set()

    def set(self, name: str, value: str) -> None:
        """Give a label a value; the empty one takes the label away."""
        if name not in self._touched or value == "":
            self.values.pop(name, None)
            self._touched.add(name)
        if value != "":
            self.values[name] = value


Step: TypeAlias = Callable[[LabelBuilder], bool]


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class RelabelRule:
    """One rule; expressions are RE2, anchored at both ends, and their dot matches a line break.

    Raises RelabelFailure where the rule makes no sense.
    """

    source_labels: tuple[Annotated[str, BeforeValidator(_name)], ...] = ()
    separator: Text = ";"
    regex: Text = DEFAULT_REGEX
    modulus: Count = 0
    target_label: Text = ""
    replacement: Text = "$1"
    action: Annotated[Action, BeforeValidator(_action)] = Action.REPLACE
    _step: Step = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "_step", _step(self, _compile(self.regex)))

    def process(self, labels: LabelBuilder) -> bool:
        """Rewrite `labels`, and say whether they are kept."""
        return self._step(labels)


def apply(rules: Iterable[RelabelRule], labels: Labels) -> Labels | None:
    """The labels after all rules in their order, or None where a rule drops them."""
    builder = LabelBuilder(labels)
    for rule in rules:
        if not rule.process(builder):
            return None
    return Labels(builder.values)


def legacy_problem(rule: RelabelRule) -> str | None:
    """What is wrong with the rule where label names must be letters, digits and underscores; None if nothing is."""
    if rule.action is Action.LABELMAP:
        if _LEGACY_TEMPLATE.fullmatch(rule.replacement) is None:
            return f'"{rule.replacement}" is not a valid replacement for {rule.action} with legacy names'
    elif rule.action in _WRITES:
        templated = rule.action is Action.REPLACE and "$" in rule.target_label
        if (_LEGACY_TEMPLATE if templated else _LEGACY_NAME).fullmatch(rule.target_label) is None:
            return f'"{rule.target_label}" is not a valid target_label for {rule.action} with legacy names'
    return None


def _check(rule: RelabelRule) -> None:
    action = rule.action
    if action is Action.HASHMOD and rule.modulus == 0:
        raise RelabelFailure("hashmod needs a modulus greater than 0")
    if action in _WRITES and rule.target_label == "":
        raise RelabelFailure(f"{action} needs a target_label")
    if action is Action.LABELMAP and rule.replacement == "":
        raise RelabelFailure("labelmap needs a replacement")
    if action in _CASE and rule.replacement != "$1":
        raise RelabelFailure(f"{action} takes no replacement")
    others = (rule.modulus, rule.separator, rule.replacement) != (0, ";", "$1")
    if action in _EQUALITY and (others or rule.regex != DEFAULT_REGEX):
        raise RelabelFailure(f"{action} takes only source_labels and target_label")
    if action in _NAMES_ONLY and (others or rule.source_labels or rule.target_label):
        raise RelabelFailure(f"{action} takes only regex")


def _compile(regex: str) -> Expression:
    try:
        return Expression(regex)
    except ExpressionFailure as failure:
        raise RelabelFailure(str(failure)) from failure


def _step(rule: RelabelRule, regex: Expression) -> Step:
    match rule.action:
        case Action.REPLACE:
            return _replace(rule, regex)
        case Action.KEEP | Action.DROP:
            return _filter(rule, regex)
        case Action.KEEP_EQUAL | Action.DROP_EQUAL:
            return _filter_equal(rule)
        case Action.HASHMOD:
            return _write(rule, lambda text: str(_hash(text) % rule.modulus))
        case Action.LOWERCASE:
            return _write(rule, _lower)
        case Action.UPPERCASE:
            return _write(rule, _upper)
        case Action.LABELMAP:
            return _map(rule, regex)
        case Action.LABELDROP | Action.LABELKEEP:
            return _filter_names(rule, regex)


def _source(rule: RelabelRule) -> Callable[[LabelBuilder], str]:
    names, separator = rule.source_labels, rule.separator
    if len(names) == 1:
        only = names[0]
        return lambda labels: labels.values.get(only, "")
    return lambda labels: separator.join([labels.values.get(name, "") for name in names])


def _replace(rule: RelabelRule, regex: Expression) -> Step:
    source, match = _source(rule), regex.match
    target = Template(rule.target_label, regex.groups, regex.names)
    replacement = Template(rule.replacement, regex.groups, regex.names)

    def step(labels: LabelBuilder) -> bool:
        found = match(source(labels))
        if found is not None and (name := target.expand(found)) != "":
            labels.set(name, replacement.expand(found))
        return True

    return step


def _filter(rule: RelabelRule, regex: Expression) -> Step:
    source, match, keep = _source(rule), regex.match, rule.action is Action.KEEP
    return lambda labels: (match(source(labels)) is not None) is keep


def _filter_equal(rule: RelabelRule) -> Step:
    source, target, keep = _source(rule), rule.target_label, rule.action is Action.KEEP_EQUAL
    return lambda labels: (labels.values.get(target, "") == source(labels)) is keep


def _write(rule: RelabelRule, value: Callable[[str], str]) -> Step:
    source, target = _source(rule), rule.target_label

    def step(labels: LabelBuilder) -> bool:
        labels.set(target, value(source(labels)))
        return True

    return step


def _map(rule: RelabelRule, regex: Expression) -> Step:
    match, replacement = regex.match, Template(rule.replacement, regex.groups, regex.names)

    def step(labels: LabelBuilder) -> bool:
        for name, value in tuple(labels.values.items()):
            if (found := match(name)) is not None:
                labels.set(replacement.expand(found), value)
        return True

    return step


def _filter_names(rule: RelabelRule, regex: Expression) -> Step:
    match, keep = regex.match, rule.action is Action.LABELKEEP

    def step(labels: LabelBuilder) -> bool:
        for name in tuple(labels.values):
            if (match(name) is not None) is not keep:
                labels.set(name, "")
        return True

    return step


def _hash(text: str) -> int:
    """The last eight bytes of the MD5 sum, as Prometheus shards."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:], "big")


def _lower(text: str) -> str:
    # Go maps rune by rune; Python's own mapping may turn one letter into several.
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def _upper(text: str) -> str:
    return text.upper() if text.isascii() else "".join(_upper_letter(letter) for letter in text)


def _upper_letter(letter: str) -> str:
    return next((form for form in (letter.upper(), letter.title()) if len(form) == 1), letter)
