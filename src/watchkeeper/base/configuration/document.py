"""YAML text → a tree with places: one document, no duplicate keys, no bombs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import yaml

from watchkeeper.base.configuration.place import ConfigurationFailure, Place, Problem
from watchkeeper.base.configuration.tree import Items, Null, Scalar, Table, Tree

DEPTH_LIMIT = 100
"""Levels of nesting. Real files have about ten."""
NODE_LIMIT = 500_000
"""Values in one document, aliases unfolded. Each takes a few hundred bytes."""
SIZE_LIMIT_BYTES = 64 << 20

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"


def read_document(text: str, file: str) -> Tree:
    """The tree of the one YAML document in `text`; an empty one is an empty table.

    Raises ConfigurationFailure with everything that keeps it from being read.
    """
    node = _compose(text, file)
    if node is None:
        return Table(Place(file, 1, 1))
    builder = _Builder(file)
    tree = builder.build(node, 0)
    if builder.problems:
        raise ConfigurationFailure(builder.problems)
    return tree


def read_file(path: Path) -> Tree:
    """The tree of a file. Raises ConfigurationFailure where it cannot be read as UTF-8 or as YAML."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigurationFailure([Problem(Place(file), f"cannot be read: {error.strerror}")]) from error
    if len(content) > SIZE_LIMIT_BYTES:
        raise ConfigurationFailure([Problem(Place(file), f"is larger than {SIZE_LIMIT_BYTES >> 20} MB")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise ConfigurationFailure([Problem(Place(file, line, column), "is not UTF-8 from here on")]) from error
    return read_document(text, file)


def _compose(text: str, file: str) -> yaml.Node | None:
    _refuse_deep_nesting(text, file)
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
        while loader.check_node():
            further = loader.get_node()
            if further is not None and not (isinstance(further, yaml.ScalarNode) and further.value in _NULLS):
                place = _place(file, further.start_mark)
                raise ConfigurationFailure([Problem(place, "a second document begins here: one file holds only one")])
        return node
    except yaml.MarkedYAMLError as error:
        raise ConfigurationFailure([_syntax_problem(file, error)]) from error
    except yaml.YAMLError as error:
        raise ConfigurationFailure([Problem(_reader_place(text, file, error), _reason(error))]) from error
    finally:
        loader.dispose()


def _refuse_deep_nesting(text: str, file: str) -> None:
    """The composer recurses in C, where too deep a document would end the process: so look at its events first."""
    depth = 0
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEPTH_LIMIT:
                place = _place(file, getattr(event, "start_mark", None))
                raise ConfigurationFailure([Problem(place, f"is nested more than {DEPTH_LIMIT} levels deep")])
    except yaml.YAMLError:
        return  # the composer meets the same error, and its text says more
    finally:
        loader.dispose()


def _place(file: str, mark: yaml.Mark | None) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file)


def _syntax_problem(file: str, error: yaml.MarkedYAMLError) -> Problem:
    context = f" {error.context}" if error.context else ""
    return Problem(
        _place(file, error.problem_mark or error.context_mark), f"is not valid YAML: {error.problem}{context}"
    )


def _reader_place(text: str, file: str, error: yaml.YAMLError) -> Place:
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return Place(file)
    before = text.encode()[:position].decode(errors="ignore")
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _reason(error: yaml.YAMLError) -> str:
    return f"is not valid YAML: {getattr(error, 'reason', None) or error}"


class _Builder:
    """Turns YAML's nodes into a tree, gathering problems on the way."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._nodes = 0
        self._open: set[int] = set()
        self._resolver = yaml.resolver.Resolver()

    def build(self, node: yaml.Node, depth: int) -> Tree:
        place = _place(self._file, node.start_mark)
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            message = f"unfolds to more than {NODE_LIMIT} values: an anchor is used too often"
            raise ConfigurationFailure([Problem(place, message)])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            raise ConfigurationFailure([Problem(place, "an anchor contains itself")])
        if depth > DEPTH_LIMIT:
            raise ConfigurationFailure([Problem(place, f"is nested more than {DEPTH_LIMIT} levels deep")])
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._table(node, place, depth)
            return Items(place, [self.build(item, depth + 1) for item in cast("list[yaml.Node]", node.value)])
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Tree:
        plain = not node.style and not self._is_tagged(node)
        if plain and node.value in _NULLS:
            return Null(place)
        return Scalar(node.value, place, plain)

    def _is_tagged(self, node: yaml.ScalarNode) -> bool:
        """Say whether the author made text of the scalar (`!!str 5`) that would be something else without that."""
        implicit = self._resolver.resolve(yaml.ScalarNode, node.value, (True, False))
        return node.tag == _TEXT_TAG != implicit

    def _table(self, node: yaml.MappingNode, place: Place, depth: int) -> Tree:
        table = Table(place)
        merged: list[Table] = []
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            at = _place(self._file, key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem(at, "a key must be text"))
            elif key.tag == _MERGE_TAG:
                merged.extend(self._merged(value, depth))
            elif key.value in table.entries:
                first = table.keys[key.value]
                self.problems.append(Problem(at, f'the key "{key.value}" stands already in line {first.line}'))
            else:
                table.set(key.value, at, self.build(value, depth + 1))
        for other in merged:
            for name, value in other.entries.items():
                if name not in table.entries:
                    table.set(name, other.keys[name], value)
        return table

    def _merged(self, node: yaml.Node, depth: int) -> list[Table]:
        built = self.build(node, depth + 1)
        tables = built.items if isinstance(built, Items) else [built]
        for other in tables:
            if not isinstance(other, Table):
                self.problems.append(Problem(other.place, "<< takes a mapping or a list of mappings"))
        return [other for other in tables if isinstance(other, Table)]
