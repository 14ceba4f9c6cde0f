"""What does not fit together in the routing of a file in which other things cannot even be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pydantic import ValidationError

from watchkeeper.alerts import RoutingSections, check_routing
from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.section import key_of
from watchkeeper.base.configuration.tree import Items, Loc, Plain, Scalar, Table, Tree, plain

_KEYS = frozenset(map(key_of, RoutingSections.model_fields))
_ROUNDS = 10


def routing_problems(tree: Tree) -> Sequence[Problem]:
    """The problems of routing as a whole, what is malformed within its sections left aside; that is said elsewhere."""
    sections = _readable(tree)
    return check_routing(sections, _receivers(tree), tree).problems if sections is not None else ()


def _readable(tree: Tree) -> RoutingSections | None:
    """The sections without what is malformed in them; None where so much is that nothing can be said."""
    if not isinstance(tree, Table):
        return None
    rest = {key: plain(value) for key, value in tree.entries.items() if key in _KEYS}
    for _ in range(_ROUNDS):
        try:
            return RoutingSections.model_validate(rest, by_alias=True, by_name=False)
        except ValidationError as error:
            found = [_innermost(rest, error_["loc"]) for error_ in error.errors()]
        for within, key in found:
            if within is rest:
                return None
            within.pop(key, None)
    return None


def _innermost(value: dict[str, Plain], loc: Loc) -> tuple[dict[str, Plain], str]:
    """The last mapping on the way of `loc`, and the key in it: items of lists stay, so that places stay right."""
    found, at = (value, str(loc[0])), cast(Plain, value)
    for step in loc:
        if isinstance(at, dict) and step in at:
            found, at = (at, str(step)), at[str(step)]
        elif isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]
        else:
            break
    return found


def _receivers(tree: Tree) -> list[str]:
    """The names of receivers, whatever else is wrong with them."""
    listed = tree.entries.get("receivers") if isinstance(tree, Table) else None
    items = listed.items if isinstance(listed, Items) else ()
    names = (item.entries.get("name") for item in items if isinstance(item, Table))
    return [str(name) for name in names if isinstance(name, Scalar)]
