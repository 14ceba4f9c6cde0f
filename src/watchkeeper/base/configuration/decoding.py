"""A tree → a checked section, or all that is wrong with it, each at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watchkeeper.base.configuration.place import ConfigurationFailure, Problem, did_you_mean
from watchkeeper.base.configuration.section import NotYet, Section, key_of
from watchkeeper.base.configuration.tree import Loc, Null, Table, Tree, locate, plain

S = TypeVar("S", bound=Section)

_UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
_SHOULD_BE = {
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "an integer",
    "float_type": "a number",
}


def decode(section: type[S], tree: Tree, at: Loc = ()) -> S:
    """The section that `tree` writes down; `at` is where it stands in the whole, for messages.

    Raises ConfigurationFailure with every problem in it.
    """
    try:
        return section.model_validate(plain(tree), by_alias=True, by_name=False)
    except ValidationError as error:
        raise ConfigurationFailure(_problem(section, tree, at, detail) for detail in error.errors()) from error


def not_yet(section: Section, tree: Tree, at: Loc = ()) -> Iterator[Problem]:
    """A warning for each key in `tree` that is accepted and has no effect so far."""
    for name in sorted(section.model_fields_set):
        field = type(section).model_fields[name]
        key, value = key_of(name), getattr(section, name)
        for mark in field.metadata:
            if isinstance(mark, NotYet) and not _is_empty(tree, key):
                message = f"{path((*at, key))} has no effect: {mark.what} is not done yet"
                yield Problem(locate(tree, (key,), key=True), message)
        if isinstance(tree, Table) and key in tree.entries:
            yield from _not_yet_within(value, tree.entries[key], (*at, key))


def path(loc: Loc) -> str:
    """The way to a value as people write it: `scrape_configs[0].job_name`."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _not_yet_within(value: object, tree: Tree, at: Loc) -> Iterator[Problem]:
    if isinstance(value, Section):
        yield from not_yet(value, tree, at)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            if i < len(items := getattr(tree, "items", [])):
                yield from _not_yet_within(item, items[i], (*at, i))
    elif isinstance(value, Mapping) and isinstance(tree, Table):
        for name, item in value.items():
            if name in tree.entries:
                yield from _not_yet_within(item, tree.entries[name], (*at, name))


def _is_empty(tree: Tree, key: str) -> bool:
    if not isinstance(tree, Table) or key not in tree.entries:
        return True
    value = tree.entries[key]
    return isinstance(value, Null) or plain(value) in ("", [], {})


def _problem(section: type[Section], tree: Tree, at: Loc, detail: ErrorDetails) -> Problem:
    loc, kind = tuple(step for step in detail["loc"] if step != "[key]"), detail["type"]
    if kind in _UNKNOWN:
        where = path((*at, *loc[:-1]))
        key, hint = str(loc[-1]), did_you_mean(str(loc[-1]), _keys(section, loc[:-1]))
        return Problem(locate(tree, loc, key=True), f'unknown key "{key}" in {where or "the top level"}{hint}')
    if kind == "missing":
        where = path((*at, *loc[:-1]))
        return Problem(locate(tree, loc[:-1]), f'"{loc[-1]}" is missing in {where or "the top level"}')
    place = locate(tree, loc, key=detail["input"] is None)
    name = path((*at, *loc))
    return Problem(place, f"{name}: {_reason(detail)}" if name else _reason(detail))


def _reason(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if detail["input"] is None and kind in _SHOULD_BE:
        return "is empty or null"
    if kind in _SHOULD_BE:
        alone = _SHOULD_BE[kind] == "a list" and isinstance(detail["input"], str)
        return f"should be {_SHOULD_BE[kind]}{': put it into [ ]' if alone else ''}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        given = str(detail["input"])
        expected = str(context["expected"]).replace("'", '"')
        allowed = [part.strip(' "') for part in expected.replace(" or ", ", ").split(",")]
        return f'"{given}" is not one of {expected}{did_you_mean(given, allowed)}'
    return detail["msg"]


def _keys(section: type[Section], loc: Loc) -> list[str]:
    """The keys that are known at `loc`."""
    kind: Any = section
    for step in loc:
        kind = _step(_bare(kind), step)
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [key_of(name) for name in kind.model_fields]
    fields: Mapping[str, Any] = getattr(kind, "__dataclass_fields__", {})
    return [name for name, field in fields.items() if field.init]


def _bare(kind: Any) -> Any:
    """The type itself, without its annotations and without its None."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, UnionType):
            kind = next(arg for arg in get_args(kind) if arg is not type(None))
        else:
            return kind


def _step(kind: Any, step: int | str) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = next((f for name, f in kind.model_fields.items() if key_of(name) == step), None)
        return field.annotation if field is not None else None
    arguments = get_args(kind)
    if not arguments:
        return None
    return arguments[0] if isinstance(step, int) else arguments[-1]
