"""The page on which a group is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.api.oncall.desk import Desk
from watchkeeper.api.oncall.form import comment_field, name_field
from watchkeeper.api.oncall.page import alerts_table, title_of
from watchkeeper.api.page import bdi, heading, page, said_text, time_text, wrong_text
from watchkeeper.base.duration import format_duration
from watchkeeper.oncall import Acknowledgement
from watchkeeper.oncall.responding import GroupNow

_HOUR_MS = 3_600_000
_CHOICES_MS = (_HOUR_MS, 4 * _HOUR_MS, 24 * _HOUR_MS)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_CLOSE = '<button name="action" value="close">It is over: close it</button>'
_SAID = {
    "given": "Thank you: the others know now that you look after it.",
    "closed": "Thank you: the group is closed, and is neither repeated nor escalated until a new alert fires.",
    "already": "Somebody was faster than you, and nothing has changed.",
    "released": "The acknowledgement is taken back: the group is told and escalated again.",
}


class Visitor(Protocol):
    """Who looks at the page."""

    @property
    def known(self) -> str:
        """Their name where it is certain."""
        ...

    @property
    def form(self) -> str:
        """The token that the form must send back, if any."""
        ...


def group_page(
    desk: Desk,
    request: Request,
    visitor: Visitor,
    group: GroupNow,
    wrong: str = "",
    typed: Mapping[str, str] = _NOTHING,
) -> Response:
    """The page of a group that fires; `wrong` says why the form could not be taken in which that was `typed`."""
    zone, one = desk.zone(), group.acknowledgement
    state = '<p class="bad">Nobody has acknowledged it yet.</p>'
    if one is not None:
        until = f"until {time_text(one.until, zone)}" if one.until is not None else "until a new alert fires"
        did = "closed" if one.closed else "acknowledged"
        comment = f": “{bdi(one.comment)}”" if one.comment else ""
        state = f'<p class="good">{escape(one.actor)} {did} it at {time_text(one.at, zone)}, {until}{comment}.</p>'
    asked = name_field(visitor.known, request, typed.get("name", ""))
    who = f'<input type="hidden" name="form" value="{escape(visitor.form)}">{asked}'
    fields = _fields(desk, one, typed)
    form = f'<form method="post">{who}{fields}</form>'
    title = title_of(group)
    body = f"{heading(title)}{_said(request, wrong)}{state}{form}{alerts_table(group, zone)}"
    return page(title, body, 400 if wrong else 200)


def _said(request: Request, wrong: str) -> str:
    if wrong:
        return wrong_text(wrong)
    said = _SAID.get(request.query_params.get("said", ""))
    return said_text(said) if said else ""


def _fields(desk: Desk, one: Acknowledgement | None, typed: Mapping[str, str]) -> str:
    """The fields of the form, less the name."""
    if one is not None:
        take_back = '<button name="action" value="release">Take the acknowledgement back</button>'
        return take_back if one.closed else f"{take_back}{_CLOSE}"
    default_ms = desk.config().acknowledgement_timeout_ms
    chosen = sorted({*_CHOICES_MS, default_ms} - {0})
    options = "".join(
        f'<option value="{format_duration(ms)}"{" selected" if ms == default_ms else ""}>{format_duration(ms)}</option>'
        for ms in chosen
    )
    never = f'<option value="0"{"" if default_ms else " selected"}>until it is over</option>'
    return f"""<label>For <select name="duration">{options}{never}</select></label>
{comment_field(False, typed.get("comment", ""))}
<button class="first" name="action" value="acknowledge">Acknowledge</button>
{_CLOSE}
<p class="soft">While it is acknowledged it is neither repeated nor escalated, unless a new alert fires in the group.
That it has ended is told all the same. Closing holds until a new alert fires.</p>"""
