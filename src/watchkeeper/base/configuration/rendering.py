"""A section as YAML for people to read: defaults that mean something included, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import TypeAlias

import yaml
from pydantic.fields import FieldInfo

from watchkeeper.base.configuration.scalars import Written
from watchkeeper.base.configuration.secret import HIDDEN, Secret
from watchkeeper.base.configuration.section import Section, key_of

Shown: TypeAlias = "str | int | float | bool | list[Shown] | dict[str, Shown] | None"

_FIRST = ("job_name", "name", "url", "role")
_URL_PASSWORD = re.compile(r"(://[^/:@\s]*):[^@/\s]+@")


def render(section: Section) -> str:
    """The section as a YAML document."""
    return yaml.dump(
        shown(section), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )


def shown(section: Section) -> dict[str, Shown]:
    """The section as plain values, keys as in the file; what is empty by default and empty is left out."""
    entries: dict[str, Shown] = {}
    kinds = type(section).model_fields
    for name in sorted(kinds, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST)):
        value, field = getattr(section, name), kinds[name]
        display = _value(value, field, key_of(name))
        if not (_is_empty(display) and (value == field.default or field.is_required())):
            entries[key_of(name)] = display
    return entries


def _value(value: object, field: FieldInfo | None, key: str) -> Shown:
    if field is not None and isinstance(value, int) and not isinstance(value, bool):
        written = next((mark for mark in field.metadata if isinstance(mark, Written)), None)
        return written.write(value) if written is not None else value
    match value:
        case Secret():
            return HIDDEN if value else ""
        case Section():
            return shown(value)
        case Mapping():
            return {str(name): _value(item, None, str(name)) for name, item in value.items()}
        case tuple() | list():
            return [_value(item, None, key) for item in value]
        case str() | Path():
            return url_text(str(value))
        case None | bool() | int() | float():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _dataclass(value)
        case _:
            return str(value)


def url_text(text: str) -> str:
    """A text without the passwords of addresses in it."""
    return _URL_PASSWORD.sub(r"\1:xxxxx@", text)


def _dataclass(value: object) -> dict[str, Shown]:
    entries: dict[str, Shown] = {}
    for field in fields(value):  # pyright: ignore[reportArgumentType]  # its caller has asked is_dataclass
        item = getattr(value, field.name) if field.init else None
        if field.init and (item != field.default or field.default is MISSING):
            entries[field.name] = _value(item, None, field.name)
    return entries


def _is_empty(value: Shown) -> bool:
    return value in (None, "", 0, False, "0s", "0") or value in ([], {})
