"""The parts of a form that both pages have."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from watchkeeper.api.oncall.desk import LONGEST_COMMENT, LONGEST_NAME
from watchkeeper.base.failure import Failure

_COOKIE = "watchkeeper_name"
_A_YEAR_S = 365 * 86_400


class Unusable(Failure):
    """A form that lacks something, or says what cannot be."""


def name_field(known: str, request: Request, typed: str = "") -> str:
    """Asks for a name, unless it is `known`; what was `typed`, or said the last time, stands there already."""
    if known:
        return f"<p>You are <strong>{escape(known)}</strong>.</p>"
    said = escape((typed or unquote(request.cookies.get(_COOKIE, "")))[:LONGEST_NAME])
    return (
        f'<label>Your name <input type="text" name="name" required maxlength="{LONGEST_NAME}" dir="auto" '
        f'autocomplete="name" value="{said}"></label>'
    )


def comment_field(required: bool, typed: str = "") -> str:
    """Asks for a comment; what was `typed` stands there already."""
    must = " required" if required else ""
    asked, said = "Why?" if required else "Comment", escape(typed[:LONGEST_COMMENT])
    return (
        f'<label>{asked} <input type="text" name="comment"{must} maxlength="{LONGEST_COMMENT}" dir="auto" '
        f'value="{said}"></label>'
    )


def name_in(form: Mapping[str, str], known: str) -> str:
    """Who does it. Raises Unusable."""
    name = known or " ".join(form.get("name", "").split())
    if not name:
        raise Unusable("Your name is missing: the others want to know who looks after it.")
    return name[:LONGEST_NAME]


def comment_in(form: Mapping[str, str]) -> str:
    """The comment; empty where there is none."""
    return form.get("comment", "").strip()[:LONGEST_COMMENT]


def back(request: Request, name: str, said: str, *, to: str = "", part: str = "") -> Response:
    """Let the browser show the page again, and remember the name there; `said` is a short word for what was done.

    `to` is another page beside it, `part` an element of the page.
    """
    shown = f"&part={part}#{part}" if part else ""
    answer = RedirectResponse(f"{to}?said={quote(said, safe='')}{shown}", 303)
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    answer.set_cookie(_COOKIE, quote(name), _A_YEAR_S, httponly=True, samesite="lax", secure=secure)
    return answer
