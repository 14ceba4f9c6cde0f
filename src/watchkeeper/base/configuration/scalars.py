"""Scalars as Prometheus' YAML reads them (Go's yaml.v2 and Prometheus' own durations and sizes).

Each type takes a Scalar from a file, whose quotes matter, or a Python value from code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from watchkeeper.base.configuration.tree import Scalar
from watchkeeper.base.duration import DurationFailure, format_duration, parse_duration_ms

_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_SIZE_PART = re.compile(r"([0-9]*\.?[0-9]*)([KMGTPE]i?B|B)")
_SIZE_UNITS = {"B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def parse_flag(text: str) -> bool:
    """The boolean that `text` stands for in YAML 1.1. Raises ValueError."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f'"{text}" is not a boolean (right would be true or false)')


def parse_integer(text: str) -> int:
    """The integer that `text` stands for, in Go's notations (0x…, 0b…, 0o…, 0…, 1_000). Raises ValueError."""
    match = _INTEGER.fullmatch(text.replace("_", ""))
    if match is None:
        number = parse_float(text)
        if number.is_integer():
            return int(number)
        raise ValueError(f'"{text}" is not an integer')
    sign, digits = match.groups()
    octal = digits.isdigit() and digits.startswith("0")
    magnitude = int(digits, 8) if octal else int(digits, 0)
    return -magnitude if sign == "-" else magnitude


def parse_float(text: str) -> float:
    """The number that `text` stands for. Raises ValueError."""
    if text.lower() in _SPECIAL:
        return float(_SPECIAL[text.lower()])
    if _FLOAT.fullmatch(text) is None:
        raise ValueError(f'"{text}" is not a number')
    return float(text)


def parse_size(text: str) -> int:
    """The bytes that `text` stands for, such as `512MB` (1 KB is 1024 bytes, as in Prometheus). Raises ValueError."""
    if text == "0":
        return 0
    at, total = 0, 0.0
    while at < len(text):
        part = _SIZE_PART.match(text, at)
        if part is None or not part[1].strip("."):
            raise ValueError(f'"{text}" is not a size (right would be, for instance, 512MB; a unit is required)')
        total += float(part[1]) * 1024 ** _SIZE_UNITS[part[2][0]]
        at = part.end()
    if text == "":
        raise ValueError("a size is empty (right would be, for instance, 512MB)")
    return int(total)


def format_size(size_bytes: int) -> str:
    """The size in the largest unit that divides it, such as `512MB`."""
    unit = "B"
    for larger in ("KB", "MB", "GB", "TB", "PB", "EB"):
        if size_bytes == 0 or size_bytes % 1024:
            break
        size_bytes, unit = size_bytes // 1024, larger
    return f"{size_bytes}{unit}" if size_bytes else "0"


def _flag(value: object) -> object:
    return parse_flag(str(value)) if _unquoted(value, "a boolean") else value


def _integer(value: object) -> object:
    return parse_integer(str(value)) if _unquoted(value, "an integer") else value


def _float(value: object) -> object:
    return parse_float(str(value)) if _unquoted(value, "a number") else value


def _not_negative(value: object) -> object:
    number = _integer(value)
    if isinstance(number, int) and number < 0:
        raise ValueError(f"{number} is negative")
    return number


def _unquoted(value: object, what: str) -> bool:
    if isinstance(value, Scalar) and not value.plain:
        raise ValueError(f'"{value}" in quotes is text, not {what}: leave the quotes away')
    return isinstance(value, str)


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration_ms(value)
    except DurationFailure as failure:
        raise ValueError(str(failure)) from failure


def _size(value: object) -> object:
    return parse_size(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return "" if value is None else value


def _path(value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, Scalar):
        return Path(value.place.file).parent / value
    return value


@dataclass(frozen=True, slots=True)
class Written:
    """How a number is written where a configuration is shown."""

    write: Callable[[int], str]


Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
Integer: TypeAlias = Annotated[int, BeforeValidator(_integer)]
Count: TypeAlias = Annotated[int, BeforeValidator(_not_negative)]
Number: TypeAlias = Annotated[float, BeforeValidator(_float)]
Text: TypeAlias = Annotated[str, BeforeValidator(_text)]
DurationMs: TypeAlias = Annotated[int, BeforeValidator(_duration), Written(format_duration)]
SizeBytes: TypeAlias = Annotated[int, BeforeValidator(_size), Written(format_size)]
FilePath: TypeAlias = Annotated[Path | None, BeforeValidator(_path)]
"""A file named in a configuration; a relative one is relative to the folder of the file that names it."""
