"""A percent sign behind a ratio: `{{ $value }}%` says 0.93% where 93% is meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

from watchkeeper.base.configuration import ConfigurationFailure, Problem, decode, locate, read_file
from watchkeeper.query.promql import Expr, ParseFailure, parse
from watchkeeper.query.promql.ast import Aggregate, Binary, BinaryOp, NumberLiteral, Paren, Unary
from watchkeeper.rules.expansion import PREAMBLE, functions, no_query
from watchkeeper.rules.sections import RuleFileSection, RuleSection
from watchkeeper.template import TemplateFailure
from watchkeeper.template import parser as templates
from watchkeeper.template.builtins import BUILTINS
from watchkeeper.template.tree import (
    Action,
    Branch,
    Command,
    Constant,
    Field,
    FunctionName,
    Node,
    Pipeline,
    Text,
    Variable,
)

_AS_IT_IS = frozenset({"print", "printf", "humanize"})
_HUNDRED = 100.0


def ratios_in_percent(path: Path) -> Iterator[Problem]:
    """A warning for each text of a rule file that has a percent sign behind a ratio; none for malformed files."""
    try:
        tree = read_file(path)
        groups = decode(RuleFileSection, tree).groups
    except ConfigurationFailure:
        return
    for i, group in enumerate(groups):
        for j, rule in enumerate(group.rules):
            for key, name, written in _found(rule):
                place = locate(tree, ("groups", i, "rules", j, key, name))
                yield Problem(place, f'rule "{rule.alert}", {name}: {_message(written)}')


def _message(written: str) -> str:
    right = "{{ $value | humanizePercentage }}"
    return f"{{{{ {written} }}}}% shows a ratio as it is, 0.93 as 0.93%: right would be {right}"


def _found(rule: RuleSection) -> Iterator[tuple[str, str, str]]:
    """Key, name and what is written, of each text in which the rule's value stands before a percent sign."""
    if not rule.alert or not _is_ratio(rule.expr):
        return
    for key, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
        for name, text in texts.items():
            yield from ((key, name, written) for written in _percents(text))


def _is_ratio(text: str) -> bool:
    """Say whether an expression's value is a ratio: it is compared with one, or it is what a division yields."""
    try:
        expr = _bare(parse(text))
    except ParseFailure:
        return False
    while isinstance(expr, Binary) and expr.op.is_set:
        expr = _bare(expr.left)
    if isinstance(expr, Binary) and expr.op.is_comparison:
        value, bound = _bare(expr.left), _bare(expr.right)
        if isinstance(value, NumberLiteral):
            value, bound = bound, value
        if isinstance(bound, NumberLiteral):
            return 0 < bound.value <= 1 and not _scaled(value)
        expr = value
    return isinstance(expr, Binary) and expr.op is BinaryOp.DIV and not _scaled(expr)


def _bare(expr: Expr) -> Expr:
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def _scaled(expr: Expr) -> bool:
    """Say whether a factor of a hundred is in it, so that it may be percent already."""
    expr = _bare(expr)
    if isinstance(expr, Binary):
        return _scaled(expr.left) or _scaled(expr.right)
    if isinstance(expr, Aggregate | Unary):
        return _scaled(expr.expr)
    return isinstance(expr, NumberLiteral) and expr.value == _HUNDRED


def _percents(text: str) -> Iterator[str]:
    """The actions in a template's text that print the value before a percent sign."""
    if "%" not in text or "{{" not in text:
        return
    try:
        bodies = templates.parse("", PREAMBLE + text, {**BUILTINS, **functions(no_query, "", 0.0)})
    except TemplateFailure:
        return
    for body in bodies.values():
        yield from _in_body(body)


def _in_body(body: tuple[Node, ...]) -> Iterator[str]:
    for node, after in pairwise(chain(body, [None])):
        if isinstance(node, Branch):
            yield from _in_body(node.body)
            yield from _in_body(node.otherwise)
        elif isinstance(node, Action) and not node.pipeline.variables and _prints_value(node.pipeline):
            before_percent = isinstance(after, Text) and after.text.lstrip(" ").startswith("%")
            if before_percent or _formats_percent(node.pipeline):
                yield node.pipeline.text


def _prints_value(pipeline: Pipeline) -> bool:
    """Say whether it prints the value, in whatever format, and computes nothing from it."""
    named = {one.name for command in pipeline.commands for one in command.arguments if isinstance(one, FunctionName)}
    return named <= _AS_IT_IS and any(_is_value(one) for command in pipeline.commands for one in command.arguments)


def _is_value(operand: object) -> bool:
    match operand:
        case Variable(name="$value", names=()):
            return True
        case Field(names=("Value",)):
            return True
        case Pipeline():
            return _prints_value(operand)
        case _:
            return False


def _formats_percent(pipeline: Pipeline) -> bool:
    return any(_has_percent(command) for command in pipeline.commands)


def _has_percent(command: Command) -> bool:
    return any(
        isinstance(one, Constant) and isinstance(one.value, str) and "%%" in one.value for one in command.arguments
    )
