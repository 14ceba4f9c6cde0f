"""Expressions that need no engine: alternations of literals, prefixes, suffixes, anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_SPECIAL = re.compile(r"[\\.+*?()\[\]{}^$|]")
_ESCAPED = re.compile(r"\\([\\.+*?()\[\]{}^$|/\-_:])")
_AFFIXES = re.compile(r"(?s)(\.\*|\.\+)?(.*?)(\.\*|\.\+)?")


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of an expression by its looks: the whole set it matches, or a test, or at least a prefix."""

    literals: frozenset[str] | None = None
    test: Callable[[str], bool] | None = None
    prefix: str = ""


def shape(expression: str) -> Shape:
    """Look at an anchored RE2 expression."""
    alternatives = _alternatives(expression)
    if alternatives is not None:
        return Shape(literals=alternatives)
    match = _AFFIXES.fullmatch(expression)
    if match is not None:
        core = _literal(match[2])
        if core is not None:
            return Shape(test=_affix_test(match[1] or "", core, match[3] or ""))
    return Shape(prefix=_prefix(expression))


def _literal(text: str) -> str | None:
    """The string that `text` matches alone, None where it is more than a literal."""
    if "\\" not in text:
        return None if _SPECIAL.search(text) else text
    plain = _ESCAPED.sub("", text)
    return None if _SPECIAL.search(plain) else _ESCAPED.sub(r"\1", text)


def _alternatives(expression: str) -> frozenset[str] | None:
    inner = expression
    if inner.startswith("(") and inner.endswith(")") and not inner.endswith("\\)"):
        inner = inner[3:-1] if inner.startswith("(?:") else inner[1:-1]
    if "\\|" in inner:
        return None
    found = [_literal(part) for part in inner.split("|")]
    literals = frozenset(part for part in found if part is not None)
    return None if None in found else literals


def _affix_test(before: str, core: str, after: str) -> Callable[[str], bool]:
    least_before, least_after = int(before == ".+"), int(after == ".+")
    least = len(core) + least_before + least_after
    if not core:
        # Both affixes may stand side by side: only the length decides then.
        return lambda text: len(text) >= least
    if not before:
        return lambda text: len(text) >= least and text.startswith(core)
    if not after:
        return lambda text: len(text) >= least and text.endswith(core)
    return lambda text: text.find(core, least_before, len(text) - least_after) >= 0


def _prefix(expression: str) -> str:
    """Literal characters at the start, without the last one if it may be repeated or left out."""
    match = _SPECIAL.search(expression)
    if match is None or "|" in expression or "(?" in expression:
        return ""
    end = match.start()
    if match[0] in "*?{":
        end -= 1
    return expression[: max(end, 0)]
