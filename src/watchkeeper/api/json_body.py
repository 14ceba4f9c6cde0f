"""JSON bodies decoded into values; what is wrong with one says what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec import inspect

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType
from watchkeeper.base.configuration.place import did_you_mean

T = TypeVar("T")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`")
_NO_MEMBER = re.compile(r"Invalid enum value ")
_AT = re.compile(r" - at `\$(?P<at>.*)`$")
_STEP = re.compile(r"\.(\w+)|(\[)")


def decode_json(raw: bytes, kind: type[T]) -> T:
    """The body as a `kind`; an empty one is an empty object. Raises ApiFailure."""
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        text = str(error)
        raise ApiFailure(ErrorType.BAD_DATA, f"the body cannot be taken: {text}{_right(text, kind)}") from None


def _right(text: str, kind: type) -> str:
    """What would be right in the place that a failure of msgspec's names, where there is a list of that."""
    at = _AT.search(text)
    known = _known(inspect.type_info(kind), at["at"] if at else "")
    if (unknown := _UNKNOWN.match(text)) and known:
        return did_you_mean(unknown["name"], known) or f": right would be {', '.join(known)}"
    return f": right would be {', '.join(known)}" if _NO_MEMBER.match(text) and known else ""


def _known(node: inspect.Type, at: str) -> list[str]:
    """The keys, or the values, that may stand at a place such as `.links[0]`."""
    nodes = [node]
    for name, _ in _STEP.findall(at):
        nodes = [below for one in _alternatives(nodes) for below in _below(one, name)]
    found: list[str] = []
    for one in _alternatives(nodes):
        if isinstance(one, inspect.StructType):
            found.extend(field.encode_name for field in one.fields)
        elif isinstance(one, inspect.LiteralType):
            found.extend(map(str, one.values))
    return found


def _alternatives(nodes: Iterable[inspect.Type]) -> list[inspect.Type]:
    return [each for one in nodes for each in (one.types if isinstance(one, inspect.UnionType) else (one,))]


def _below(node: inspect.Type, name: str) -> list[inspect.Type]:
    """The types of a field by its name, or of items where there is none."""
    if isinstance(node, inspect.StructType):
        return [field.type for field in node.fields if field.encode_name == name]
    return [node.item_type] if isinstance(node, inspect.ListType) and not name else []
