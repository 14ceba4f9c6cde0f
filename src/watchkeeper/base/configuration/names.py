"""Names that mean something elsewhere: time zones, and parts of our own paths."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from watchkeeper.base.configuration.scalars import Text
from watchkeeper.base.zone import zone_named

_PATH_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)


def _zone(name: str) -> str:
    zone_named(name)
    return name


def _path_name(name: str) -> str:
    if not _PATH_NAME.fullmatch(name):
        right = 'up to 100 letters, digits, ".", "-" and "_" would be right'
        raise ValueError(f'"{name}" cannot be part of a path: {right}, the first of them no "." or "-"')
    return name


TimeZone: TypeAlias = Annotated[Text, AfterValidator(_zone)]
"""A zone's name in the IANA database."""
PathName: TypeAlias = Annotated[Text, AfterValidator(_path_name)]
"""A name that is part of a path of our API as it stands."""
