"""The named templates: those that are there by default, and the user's files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from watchkeeper.base.configuration import ConfigurationFailure, Place, Problem
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.notify.templating.data import Data
from watchkeeper.notify.templating.functions import functions
from watchkeeper.notify.templating.links import Links
from watchkeeper.template import Template, TemplateFailure

DEFAULT_FILES = ("messages.tmpl", "email.tmpl")
_KEPT = 2000
_STEPS, _STEPS_PER_ALERT = 250_000, 1000
"""How much work a text may be: ten times what one needs that shows every label of every alert."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """A call of a template that is not there, at line and column of the text, both from 1."""

    message: str
    line: int
    column: int


class Templates:
    """Everything that a notification's texts may refer to; each text is read once."""

    def __init__(self, files: Sequence[Path], now_ms: Callable[[], int], links: Links | None = None) -> None:
        """Raises ConfigurationFailure with every file that cannot be read, each at its line and column."""
        self._base = Template(functions(now_ms, links))
        for name, text in _defaults():
            self._base.add(name, text)
        self._files: list[tuple[Path, str]] = []
        problems = [problem for file in files if (problem := self._add(file)) is not None]
        if problems:
            raise ConfigurationFailure(problems)
        self._read = lru_cache(_KEPT)(self._extended)

    def check(self, text: str) -> None:
        """Read a text. Raises TemplateFailure."""
        if "{{" in text:
            self._read(text)

    def undefined(self, text: str) -> Sequence[Undefined]:
        """The templates that `text` calls and nothing defines. Raises TemplateFailure."""
        return _undefined(self._read(text), text)

    def undefined_in_files(self) -> Sequence[Problem]:
        """The same for all files, each call at its place."""
        return [
            Problem(Place(str(file), one.line, one.column), one.message)
            for file, text in self._files
            for one in _undefined(self._base, text)
        ]

    def render(self, text: str, data: Data) -> str:
        """The text over `data`. Raises TemplateFailure."""
        return self._read(text).render("", data, steps=_steps(data)) if "{{" in text else text

    def render_html(self, text: str, data: Data) -> str:
        """The text over `data` where it is HTML. Raises TemplateFailure."""
        return self._read(text).render_html("", data, steps=_steps(data)) if "{{" in text else text

    def _extended(self, text: str) -> Template:
        return self._base.extended("", text)

    def _add(self, file: Path) -> Problem | None:
        try:
            text = file.read_text(encoding="utf-8")
            self._base.add(file.name, text)
            self._files.append((file, text))
        except OSError as error:
            return Problem(Place(str(file)), f"cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            return Problem(Place(str(file)), "is not UTF-8")
        except TemplateFailure as failure:
            return Problem(Place(str(file), failure.line, failure.column), failure.message)
        return None


def _undefined(template: Template, text: str) -> Sequence[Undefined]:
    known = [name for name in template.defined() if name]
    return [
        Undefined(f'template "{name}" is called, but nothing defines it{did_you_mean(name, known)}', line, column)
        for name, line, column in template.undefined(text)
    ]


def _steps(data: Data) -> int:
    return _STEPS + _STEPS_PER_ALERT * len(data.alerts)


@lru_cache(1)
def _defaults() -> tuple[tuple[str, str], ...]:
    folder = files("watchkeeper.notify.templating") / "defaults"
    return tuple((name, (folder / name).read_text(encoding="utf-8")) for name in DEFAULT_FILES)
