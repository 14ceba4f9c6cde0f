"""Markdown as CommonMark has it, with tables: its steps, and its HTML. HTML within it is shown as text."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from watchkeeper.oncall.runbook.runbook import Step

_TO_DO = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def title_in(text: str) -> str:
    """The first heading; empty where there is none."""
    tokens = _markdown().parse(text)
    found = (tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open")
    return next(found, "").strip()


def steps_in(text: str) -> list[Step]:
    """The items of task lists (`- [ ] …`), in order, each with the heading it stands under."""
    tokens, section, steps = _markdown().parse(text), "", list[Step]()
    for i, token in enumerate(tokens):
        if token.type != "inline":
            continue
        if tokens[i - 1].type == "heading_open":
            section = token.content.strip()
        elif _is_task(tokens, i):
            steps.append(Step(" ".join(token.content[4:].split()), section))
    return [step for step in steps if step.text]


def html_of(text: str) -> str:
    """Markdown as HTML that is safe to show: no HTML of its own, and no links that run anything.

    Cells of tables say in `data-name` under which heading they stand, for pages too narrow for columns.
    """
    tokens = _markdown().parse(text)
    _name_cells(tokens)
    for i, token in enumerate(tokens):
        if token.type == "inline" and token.children and _is_task(tokens, i):
            first = token.children[0]
            first.content = _TO_DO[token.content[:4]] + first.content[4:]
    return str(_markdown().renderer.render(tokens, _markdown().options, {}))


def inline_html_of(text: str) -> str:
    """A line of Markdown, such as a step, as HTML that is safe to show."""
    return str(_markdown().renderInline(text))


def _name_cells(tokens: list[Token]) -> None:
    headings, column = list[str](), 0
    for i, token in enumerate(tokens):
        if token.type == "thead_open":
            headings = []
        elif token.type == "th_open":
            headings.append(tokens[i + 1].content)
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            token.attrSet("data-name", headings[column])
            column += 1


def _is_task(tokens: list[Token], i: int) -> bool:
    """Say whether the inline token at `i` begins an item with a box to tick."""
    within = i >= 2 and tokens[i - 1].type == "paragraph_open" and tokens[i - 2].type == "list_item_open"
    return within and tokens[i].content[:4] in _TO_DO


@lru_cache(1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
