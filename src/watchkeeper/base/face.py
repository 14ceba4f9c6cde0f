"""The face of a package whose modules are loaded when they are first asked for.

For packages of which some are asked for little: a process that only tells people reads how targets are scraped from
the configuration, but loads nothing that scrapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_face(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of `package`; `homes` says in which of its modules each name of the face is.

    What it returns raises AttributeError for any other name. A module must not be called like a part of the face, whose
    place it would take once it is loaded.
    """
    assert not homes.keys() & set(homes.values()), f"{package}: a module is called like a part of the face"

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return get
