"""A runbook's text: front matter between two lines of `---`, and Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from watchkeeper.base.configuration import ConfigurationFailure, Place, Problem, Section, Text, decode, read_document
from watchkeeper.oncall.runbook.markdown import steps_in, title_in
from watchkeeper.oncall.runbook.runbook import Runbook, Step

LARGEST_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
_FENCE = "---"


class FrontMatter(Section):
    """What stands before the text. Without `title` the first heading is it, without `steps` the task lists are."""

    title: Text = ""
    services: tuple[Text, ...] = ()
    severities: tuple[Text, ...] = ()
    alerts: tuple[Text, ...] = ()
    steps: tuple[Text, ...] = ()


def read_runbook(path: Path) -> Runbook:
    """The runbook in a file. Raises ConfigurationFailure."""
    file = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationFailure([Problem(Place(file), f"cannot be read: {error.strerror}")]) from error
    if len(content) > LARGEST_BYTES:
        raise ConfigurationFailure([Problem(Place(file), f"is larger than {LARGEST_BYTES >> 20} MB")])
    try:
        return parse_runbook(content.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationFailure([Problem(Place(file, line, 1), "is not UTF-8 in this line")]) from error


def parse_runbook(text: str, file: str) -> Runbook:
    """The runbook that `text` is; its name is that of the file. Raises ConfigurationFailure."""
    name = Path(file).stem
    if not _NAME.fullmatch(name):
        message = "a runbook's file is named with letters, digits, _, . and -, since links lead to it by that name"
        raise ConfigurationFailure([Problem(Place(file), message)])
    matter, body = _parts(text, file)
    steps = [Step(one.strip()) for one in matter.steps] or steps_in(body)
    _check_steps(steps, file)
    return Runbook(
        name,
        " ".join((matter.title or title_in(body) or name).split()),
        body,
        tuple(steps),
        frozenset(matter.alerts),
        frozenset(matter.services),
        frozenset(matter.severities),
        file,
    )


def _parts(text: str, file: str) -> tuple[FrontMatter, str]:
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        return FrontMatter(), text
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), 0)
    if not end:
        message = "the front matter that begins here has no end: a line of --- would be right"
        raise ConfigurationFailure([Problem(Place(file, 1, 1), message)])
    # An empty line in place of the first fence: so that problems stand in the lines of the file.
    tree = read_document("\n".join(["", *lines[1:end]]), file)
    return decode(FrontMatter, tree), "\n".join(lines[end + 1 :]).lstrip("\n")


def _check_steps(steps: list[Step], file: str) -> None:
    texts = [step.text for step in steps]
    if "" in texts:
        raise ConfigurationFailure([Problem(Place(file), f"step {texts.index('') + 1} is empty")])
    twice = next((text for i, text in enumerate(texts) if text in texts[:i]), None)
    if twice is not None:
        message = f'the step "{twice}" stands there twice: whoever ticks one must know which'
        raise ConfigurationFailure([Problem(Place(file), message)])
