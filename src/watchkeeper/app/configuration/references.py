"""Files that a configuration names and that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from watchkeeper.base.configuration import Problem, Section
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.section import key_of
from watchkeeper.base.configuration.tree import Loc, Tree, locate

_WRITTEN = frozenset({"query_log_file", "scrape_failure_log_file"})


def missing_files(section: Section, tree: Tree) -> Iterator[Problem]:
    """A warning for each secret or certificate that is to be read from a file which does not exist."""
    for loc, file in _files(section, ()):
        if not file.exists():
            yield Problem(locate(tree, loc), f"{path(loc)}: the file {file} does not exist")


def _files(value: object, loc: Loc) -> Iterator[tuple[Loc, Path]]:
    if isinstance(value, Section):
        for name in sorted(value.model_fields_set - _WRITTEN):
            entry = getattr(value, name)
            if isinstance(entry, Path):
                yield (*loc, key_of(name)), entry
            else:
                yield from _files(entry, (*loc, key_of(name)))
    elif isinstance(value, tuple) and (not value or isinstance(value[0], Section)):
        for i, item in enumerate(value):
            yield from _files(item, (*loc, i))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _files(item, (*loc, str(name)))
