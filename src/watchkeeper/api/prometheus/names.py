"""Names of metrics and labels where not every character may stand: escaped for old readers, unescaped from paths.

Source: Prometheus' escaping schemes (`escaping=` in Accept and Content-Type headers).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

_ESCAPED = re.compile(r"_(?:_|([0-9a-fA-F]{1,6})_)")
_LEGACY = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_DIGIT_FIRST = re.compile(r"^[0-9]", re.ASCII)
_ODD = re.compile(r"[^a-zA-Z0-9_:]", re.ASCII)


def is_legacy(name: str) -> bool:
    """Say whether a name needs no quotes in an exposition."""
    return _LEGACY.fullmatch(name) is not None


def unescaped(name: str) -> str:
    """A name as it was before `values` escaping, which `U__` marks: `_2e_` is a dot and `__` an underscore.

    What is no such escape is left as it is.
    """
    if not name.startswith("U__"):
        return name
    return _ESCAPED.sub(lambda m: "_" if m.group(1) is None else _character(m), name[3:])


def _character(match: re.Match[str]) -> str:
    code = int(match.group(1), 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else match.group(0)


def _underscores(name: str) -> str:
    return _ODD.sub("_", _DIGIT_FIRST.sub("_", name))


def _dots(name: str) -> str:
    """`.` becomes `_dot_`, `_` is doubled, everything else that is odd becomes `__`; plain names stay as they are."""
    if is_legacy(name):
        return name
    escaped = _ODD.sub(lambda m: "_dot_" if m.group(0) == "." else "__", name.replace("_", "__"))
    return _DIGIT_FIRST.sub("__", escaped)


def _values(name: str) -> str:
    if is_legacy(name):
        return name
    kept = name.replace("_", "__")
    escaped = _ODD.sub(lambda m: f"_{ord(m.group(0)):x}_", kept)
    return "U__" + _DIGIT_FIRST.sub(lambda m: f"_{ord(m.group(0)):x}_", escaped)


def _unchanged(name: str) -> str:
    return name


ESCAPES: MappingProxyType[str, Callable[[str], str]] = MappingProxyType(
    {"underscores": _underscores, "dots": _dots, "values": _values, "allow-utf-8": _unchanged}
)
"""How each scheme writes a name."""
