"""One page of many things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pager:
    """Which page of a part is shown, by the parameter of the part's name; the first is 1."""

    part: str
    number: int
    size: int

    @classmethod
    def asked(cls, request: Request, part: str, size: int) -> Pager:
        """What the query string asks for; the first page where that is no number."""
        text = request.query_params.get(part, "1")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
        return cls(part, max(number, 1), size)

    def of(self, things: Sequence[T]) -> Sequence[T]:
        """Those that the page has; the last ones where it lies behind the end."""
        begin = (self._within(len(things)) - 1) * self.size
        return things[begin : begin + self.size]

    def links(self, request: Request, total: int, before: str, after: str) -> str:
        """Links to the pages before and after, called so, as HTML; empty where there is one page only."""
        pages, here = self._pages(total), self._within(total)
        if pages == 1:
            return ""
        shown = [f"<span>{here} of {pages}</span>"]
        if here > 1:
            shown.insert(0, self._link(request, here - 1, before))
        if here < pages:
            shown.append(self._link(request, here + 1, after))
        return f'<nav class="row" aria-label="Pages">{"".join(shown)}</nav>'

    def _pages(self, total: int) -> int:
        return max(-(-total // self.size), 1)

    def _within(self, total: int) -> int:
        return min(self.number, self._pages(total))

    def _link(self, request: Request, number: int, text: str) -> str:
        others = [(name, value) for name, value in request.query_params.multi_items() if name not in _PASSING]
        query = urlencode([*((name, value) for name, value in others if name != self.part), (self.part, number)])
        return f'<a href="?{escape(query)}#{self.part}">{text}</a>'


_PASSING = frozenset({"said", "part"})
