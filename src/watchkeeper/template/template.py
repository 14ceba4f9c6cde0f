"""A template, read once and run as often as needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from watchkeeper.template.builtins import BUILTINS, HTML_FUNCTIONS
from watchkeeper.template.evaluate import Evaluation
from watchkeeper.template.function import Function
from watchkeeper.template.html import Escaper
from watchkeeper.template.parser import Bodies, is_blank, parse, place
from watchkeeper.template.tree import calls

MOST_STEPS = 1_000_000
"""How much work one run may be, where its caller does not say: a few seconds of a processor in most cases."""


class Template:
    """A named text and the templates it defines; further texts may add to or replace what is defined."""

    def __init__(self, functions: Mapping[str, Function] | None = None) -> None:
        self._functions: dict[str, Function] = {**BUILTINS, **(functions or {})}
        self._bodies: Bodies = {}
        self._texts: dict[str, str] = {}

    @classmethod
    def read(cls, name: str, text: str, functions: Mapping[str, Function] | None = None) -> Template:
        """Read one text. Raises TemplateFailure with line and column."""
        template = cls(functions)
        template.add(name, text)
        return template

    def add(self, name: str, text: str) -> None:
        """Read a further text. Raises TemplateFailure; then nothing is added."""
        read = parse(name, text, self._functions)
        bodies = {name: body for name, body in read.items() if name not in self._bodies or not is_blank(body)}
        self._bodies.update(bodies)
        self._texts.update(dict.fromkeys(bodies, text))

    def extended(self, name: str, text: str) -> Template:
        """A template that has everything in this one, and a further text. Raises TemplateFailure."""
        template = Template(self._functions)
        template._bodies = dict(self._bodies)
        template._texts = dict(self._texts)
        template.add(name, text)
        return template

    def defined(self) -> Collection[str]:
        """The names of all templates."""
        return self._bodies.keys()

    def undefined(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Names that a text which was read calls and nothing defines, each with line and column."""
        for name in [name for name, of in self._texts.items() if of == text]:
            for call in calls(self._bodies[name]):
                if call.name not in self._bodies:
                    yield call.name, *place(text, call.at)

    def render(
        self, name: str, data: Any, functions: Mapping[str, Function] | None = None, *, steps: int = MOST_STEPS
    ) -> str:
        """The text of `name` over `data`; `functions` replaces functions for this run.

        Raises TemplateFailure, also where it takes more than so many `steps`.
        """
        return self._run(name, data, functions or {}, None, steps)

    def render_html(self, name: str, data: Any, *, steps: int = MOST_STEPS) -> str:
        """The same where the text is HTML: each value is escaped for its context."""
        return self._run(name, data, HTML_FUNCTIONS, Escaper(), steps)

    def _run(self, name: str, data: Any, functions: Mapping[str, Function], escaper: Escaper | None, steps: int) -> str:
        known = {**self._functions, **functions}
        evaluation = Evaluation(self._bodies, known, lambda body, at: place(self._texts[body], at), steps, escaper)
        return evaluation.run(name, data)
