"""The journal, searched and exported: `/journal`, `/journal/export`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import bad_parameter, success
from watchkeeper.api.watchkeeper.history.asking import MOST, search_of
from watchkeeper.api.watchkeeper.history.entries import COLUMNS, csv_rows, entry_json, ndjson
from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry, Journal, Search

_HEAD = ",".join(COLUMNS) + "\r\n"
_FORMATS: Mapping[str, tuple[str, str, Callable[[Sequence[Entry]], str]]] = {
    "ndjson": ("application/x-ndjson", "", ndjson),
    "csv": ("text/csv; charset=utf-8", _HEAD, csv_rows),
}


def routes(clock: Clock, journal: Journal) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""

    async def search(request: Request) -> Response:
        asked = search_of(request, clock.now_ms())
        found = await journal.find(asked)
        following = found[-1].id if len(found) == asked.limit else None
        return success({"entries": [entry_json(entry) for entry in found], "before": following})

    async def export(request: Request) -> Response:
        asked = replace(search_of(request, clock.now_ms(), ("format",), paged=False), limit=MOST)
        name = request.query_params.get("format", "ndjson")
        if name not in _FORMATS:
            raise bad_parameter("format", f'there is no format "{name}": {", ".join(_FORMATS)} would be right')
        media, head, write = _FORMATS[name]
        first = await journal.find(asked)
        headers = {"Content-Disposition": f'attachment; filename="journal.{name}"'}
        return StreamingResponse(_pages(journal, asked, first, head, write), headers=headers, media_type=media)

    return [Route("/journal", search), Route("/journal/export", export)]


async def _pages(
    journal: Journal, asked: Search, page: list[Entry], head: str, write: Callable[[Sequence[Entry]], str]
) -> AsyncGenerator[str]:
    """Everything that a search finds, page by page, newest first."""
    if head:
        yield head
    while page:
        yield write(page)
        full = len(page) == asked.limit
        page = await journal.find(replace(asked, before=page[-1].id)) if full else []
