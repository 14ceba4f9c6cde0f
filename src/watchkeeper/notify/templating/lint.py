"""Templates in a configuration that cannot be read, found before anybody is to be told by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.base.configuration import ConfigurationFailure, Place, Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.tree import Loc, Scalar, Tree, locate, walk
from watchkeeper.notify.templating.functions import functions
from watchkeeper.notify.templating.templates import Templates, Undefined
from watchkeeper.template import Template, TemplateFailure


@dataclass(frozen=True, slots=True)
class Checked:
    """What keeps files of templates from being read, and what else will not be rendered."""

    problems: Sequence[Problem]
    warnings: Sequence[Problem]


def check_templates(tree: Tree, files: Sequence[Path]) -> Checked:
    """Read `files`, and each text under `receivers` and `people`; `tree` is the configuration's top level.

    Alertmanager takes receivers whose templates cannot be read, and calls of templates that nothing defines, so those
    are warnings: a notification says in plain text what it cannot render.
    """
    try:
        templates = Templates(files, lambda: 0)
    except ConfigurationFailure as failure:
        return Checked(failure.problems, tuple(_unreadable(tree)))
    return Checked((), (*_wrong(tree, templates), *templates.undefined_in_files()))


def _texts(tree: Tree) -> Iterator[tuple[Loc, Scalar]]:
    for loc, text in walk(tree):
        if loc[:1] in (("receivers",), ("people",)) and isinstance(text, Scalar) and "{{" in text:
            yield loc, text


def _unreadable(tree: Tree) -> Iterator[Problem]:
    """Those that cannot be read whatever the files have."""
    known = functions(lambda: 0)
    for loc, text in _texts(tree):
        try:
            Template.read("", text, known)
        except TemplateFailure as failure:
            yield _problem(tree, loc, text, failure)


def _wrong(tree: Tree, templates: Templates) -> Iterator[Problem]:
    for loc, text in _texts(tree):
        try:
            undefined = templates.undefined(str(text))
        except TemplateFailure as failure:
            yield _problem(tree, loc, text, failure)
        else:
            yield from (_problem(tree, loc, text, one) for one in undefined)


def _problem(tree: Tree, loc: Loc, text: Scalar, wrong: TemplateFailure | Undefined) -> Problem:
    return Problem(_place(tree, loc, text, wrong), f"{path(loc)}: {wrong.message}")


def _place(tree: Tree, loc: Loc, text: Scalar, failure: TemplateFailure | Undefined) -> Place:
    """Where the mistake is, if the text stands in one line; else where the text begins."""
    place = locate(tree, loc)
    if "\n" in text or failure.line != 1:
        return place
    return Place(place.file, place.line, place.column + failure.column - (1 if text.plain else 0))
