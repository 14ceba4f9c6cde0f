"""Pages without scripts, that nobody else may frame."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from watchkeeper.api.look import STYLE
from watchkeeper.base.instant import instant_text
from watchkeeper.store import StoreFailure

log = logging.getLogger(__name__)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    # Not `no-referrer`: with it browsers hide from us that a form comes from our own page.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def page(
    title: str, body: str, status: int = 200, *, above: Sequence[tuple[str, str]] = (), images: bool = False
) -> Response:
    """A page; without a `title` it is the house's own.

    `body` is HTML with the heading in it, `above` the addresses and names of the pages that it lies below.
    Pictures of other servers are shown with `images` only: they tell those who looks when.
    """
    links = "".join(f'<a href="{escape(url)}">{escape(name)}</a>' for url, name in above)
    nav = f'<nav aria-label="Above">{links}</nav>' if links else ""
    text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(f"{title} · " if title else "")}Watchkeeper</title><style>{STYLE}</style></head>
<body><main>{nav}
{body}
</main></body></html>
"""
    # What is shown is people's text and alerts' labels: nothing in it may run, whatever it looks like.
    policy = f"{_POLICY}; img-src 'self' https:" if images else _POLICY
    return HTMLResponse(text, status, {**_HEADERS, "Content-Security-Policy": policy})


def heading(text: str) -> str:
    """The page's heading, as HTML."""
    return f'<h1 dir="auto">{escape(text)}</h1>'


def refusal(title: str, why: str, status: int, *, above: Sequence[tuple[str, str]] = ()) -> Response:
    """A page that says why not."""
    return page(title, heading(title) + wrong_text(why), status, above=above)


def not_kept(failure: StoreFailure) -> Response:
    """The page where the database takes nothing."""
    log.warning("what somebody did on a page could not be kept: %s", failure)
    return refusal("Not done", "The database takes nothing just now: send the form again soon.", 503)


def wrong_text(text: str) -> str:
    """Why something was not done, as HTML."""
    return f'<p class="said bad" role="alert">{escape(text)}</p>'


def said_text(text: str) -> str:
    """What was done, as HTML; `text` is HTML."""
    return f'<p class="said" role="status">{text}</p>'


def bdi(text: str) -> str:
    """Somebody's text within a line of ours, as HTML: whichever way it is written, the rest stays in order."""
    return f"<bdi>{escape(text)}</bdi>"


def time_text(ms: int, zone: ZoneInfo) -> str:
    """An instant for people, as HTML; one that the zone's calendar has not is in UTC."""
    try:
        moment = datetime.fromtimestamp(ms / 1000, zone)
    except (OverflowError, ValueError, OSError):
        return escape(instant_text(ms))
    shown = f"{moment:%Y-%m-%d %H:%M} {zone.key}"
    return f'<time datetime="{moment.isoformat(timespec="seconds")}">{escape(shown)}</time>'
