"""Templates in a configuration that cannot be read, found before anybody is to be told by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from watchkeeper.base.configuration import ConfigurationFailure, Place, Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.tree import Loc, Scalar, Tree, locate, walk
from watchkeeper.notify.templating.functions import functions
from watchkeeper.notify.templating.templates import Templates
from watchkeeper.template import Template, TemplateFailure


def wrong_templates(tree: Tree) -> Iterator[Problem]:
    """A warning for each text under `receivers` and `people` whose template cannot be read.

    `tree` is the file's top level. Alertmanager takes such a file, so it is no error: a notification says in plain text
    what it cannot render.
    """
    known = functions(lambda: 0)
    for loc, text in walk(tree):
        if loc[:1] in (("receivers",), ("people",)) and isinstance(text, Scalar) and "{{" in text:
            try:
                Template.read("", text, known)
            except TemplateFailure as failure:
                yield Problem(_place(tree, loc, text, failure), f"{path(loc)}: {failure.message}")


def wrong_template_files(files: Sequence[Path]) -> Sequence[Problem]:
    """What keeps files of templates from being read, each at its line and column."""
    try:
        Templates(files, lambda: 0)
    except ConfigurationFailure as failure:
        return failure.problems
    return ()


def _place(tree: Tree, loc: Loc, text: Scalar, failure: TemplateFailure) -> Place:
    """Where the mistake is, if the text stands in one line; else where the text begins."""
    place = locate(tree, loc)
    if "\n" in text or failure.line != 1:
        return place
    return Place(place.file, place.line, place.column + failure.column - (1 if text.plain else 0))
