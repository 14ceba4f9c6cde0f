"""YAML as Go's yaml.v2 writes it, in which Alertmanager shows its configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

import yaml

from watchkeeper.base.configuration.scalars import parse_flag, parse_float, parse_integer

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
_NULL = ("", "~", "null", "Null", "NULL", "<<")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")


class Inline(list[Plain]):
    """A list that is written in one line: `[a, b]`."""


def go_yaml(value: Mapping[str, Plain]) -> str:
    """A document with the keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else '"' if _reads_otherwise(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _inline(dumper: _Dumper, items: Inline) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


def _reads_otherwise(text: str) -> bool:
    """Say whether it would be read as something else than a text, had it no quotes."""
    if text in _NULL or _BASE_60.fullmatch(text) or _DAY.fullmatch(text):
        return True
    for parse in (parse_flag, parse_integer, parse_float):
        try:
            parse(text)
        except ValueError:
            continue
        return True
    return False


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Inline, _inline)
