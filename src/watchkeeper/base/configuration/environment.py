"""Environment variables in configuration values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from watchkeeper.base.configuration.place import Problem
from watchkeeper.base.configuration.tree import Items, Scalar, Table, Tree

LITERAL_KEYS = frozenset({"expr", "regex", "replacement", "separator", "target_label"})
"""Keys whose values have a `$` of their own."""
EXTERNAL_LABELS = "external_labels"

_REFERENCE = re.compile(r"\$(\$?)\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}", re.ASCII)
_LABEL_REFERENCE = re.compile(r"\$(?:\{([^}]*)\}|([*#$@!?\-0-9])|([a-zA-Z0-9_]+))?", re.ASCII)


def expand(tree: Tree, environ: Mapping[str, str], problems: list[Problem]) -> Tree:
    """The tree with `${NAME}` and `${NAME:-default}` replaced; `$${NAME}` stands for `${NAME}` itself.

    Values of LITERAL_KEYS and templates (texts with `{{`) stay as they are. In `external_labels`, as in Prometheus,
    `$NAME` and `${NAME}` of any case are replaced, an unset one is empty and `$$` is a dollar. Elsewhere an unset one
    without a default goes to `problems`.
    """
    match tree:
        case Table():
            expanded = Table(tree.place)
            for key, value in tree.entries.items():
                expanded.set(key, tree.keys[key], _expand_entry(key, value, environ, problems))
            return expanded
        case Items():
            return Items(tree.place, [expand(item, environ, problems) for item in tree.items])
        case Scalar() if "${" in tree and "{{" not in tree:
            return _expand_scalar(tree, environ, problems)
        case _:
            return tree


def _expand_entry(key: str, value: Tree, environ: Mapping[str, str], problems: list[Problem]) -> Tree:
    if key in LITERAL_KEYS:
        return value
    if key == EXTERNAL_LABELS and isinstance(value, Table):
        labels = Table(value.place)
        for name, text in value.entries.items():
            expanded = _expand_label(text, environ) if isinstance(text, Scalar) else text
            labels.set(name, value.keys[name], expanded)
        return labels
    return expand(value, environ, problems)


def _expand_scalar(scalar: Scalar, environ: Mapping[str, str], problems: list[Problem]) -> Scalar:
    def value(reference: re.Match[str]) -> str:
        escaped, name, default = reference.groups()
        if escaped:
            return reference[0][1:]
        if name in environ and (environ[name] != "" or default is None):
            return environ[name]
        if default is None:
            message = (
                f"the environment variable {name} is not set: set it, or write ${{{name}:-default}}, "
                f"or $${{{name}}} for the text itself"
            )
            problems.append(Problem(scalar.place, message))
            return ""
        return default

    return Scalar(_REFERENCE.sub(value, scalar), scalar.place, scalar.plain)


def _expand_label(scalar: Scalar, environ: Mapping[str, str]) -> Scalar:
    def value(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2] or reference[3]
        if name is None:
            return "" if reference[0] == "${}" else "$"
        if name == "$":
            return "$"
        name, _, default = name.partition(":-")
        return environ.get(name, "") or default

    return Scalar(_LABEL_REFERENCE.sub(value, scalar), scalar.place, scalar.plain)
