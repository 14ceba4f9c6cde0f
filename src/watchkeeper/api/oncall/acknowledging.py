"""`/ack/…`: a group's page, on which it is acknowledged, closed, or an acknowledgement taken back.

Asking (GET, HEAD) never changes anything, since mail and chat programs follow links to look at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.access import InvalidToken
from watchkeeper.api.caller import user_of
from watchkeeper.api.oncall.acknowledging_page import group_page
from watchkeeper.api.oncall.desk import Desk, read_form
from watchkeeper.api.oncall.form import Unusable, back, comment_in, name_in
from watchkeeper.api.page import not_kept, refusal
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.oncall.links import ACKNOWLEDGE
from watchkeeper.oncall.responding import GroupNow, NothingFires
from watchkeeper.store import StoreFailure

FORM = "acknowledging form"
_FORM_LIVES_MS = 12 * 3_600_000
_NO_LOGIN = (
    "This link bears no signature, and this server has no logins. Use the signed link of a notification "
    "({{ ackLink .GroupKey }} in its template), or give basic_auth_users in the file that --web.config.file names."
)
_OVER = "Nothing fires in this group now: it may be over already, or the link is not whole."
_FOREIGN_FORM = "This form was not made by our page for you, or is too old: open the link again."


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a group's page. `known` is their name where it is certain; `form` is the page's own token."""

    tenant: str
    group_key: str
    known: str
    via: str
    form: str = ""


def routes(desk: Desk) -> list[BaseRoute]:
    """The signed page before the one that needs a login."""

    async def signed(request: Request) -> Response:
        try:
            content = desk.signer.content(ACKNOWLEDGE, request.path_params["token"])
        except InvalidToken as why:
            desk.callbacks.refused("link", str(why))
            return refusal("This link cannot be used", f"{why}.".capitalize(), 410 if why.expired else 403)
        visit = Visit(content["tenant"], content["group_key"], content.get("person", ""), "link")
        return await _answer(desk, request, visit, await _sent(request))

    async def unsigned(request: Request) -> Response:
        user = user_of(request)
        if not user:
            return refusal("A login is needed", _NO_LOGIN, 403)
        tenant = tenant_of(request)
        group_key = _known_key(desk, tenant, request)
        content = {"tenant": tenant, "group_key": group_key, "user": user}
        sent = await _sent(request)
        if sent is not None and not _is_our_form(desk, sent, content):
            desk.callbacks.refused("link", "a form was sent that our page has not made")
            return refusal("Not done", _FOREIGN_FORM, 403)
        form = desk.signer.token(FORM, content, _FORM_LIVES_MS)
        return await _answer(desk, request, Visit(tenant, group_key, user, "page", form), sent)

    return [
        Route("/ack/t/{token}", signed, methods=["GET", "POST"]),
        Route("/ack/{group_key:path}", unsigned, methods=["GET", "POST"]),
    ]


async def _sent(request: Request) -> Mapping[str, str] | None:
    """The form that was sent; None where somebody only looks."""
    return await read_form(request) if request.method == "POST" else None


async def _answer(desk: Desk, request: Request, visit: Visit, sent: Mapping[str, str] | None) -> Response:
    try:
        group = desk.responding.group(visit.tenant, visit.group_key)
    except NothingFires:
        status = 404 if visit.via == "page" else 200 if sent is None else 409
        return refusal("Nothing to acknowledge", _OVER, status)
    if sent is None:
        return group_page(desk, request, visit, group)
    try:
        return await _change(desk, request, visit, group, sent)
    except Unusable as why:
        return group_page(desk, request, visit, group, str(why), sent)
    except StoreFailure as failure:
        return not_kept(failure)


async def _change(desk: Desk, request: Request, visit: Visit, group: GroupNow, form: Mapping[str, str]) -> Response:
    name, action = name_in(form, visit.known), form.get("action", "acknowledge")
    if action == "release":
        await desk.responding.acknowledgements.release(visit.tenant, visit.group_key, name)
        said = "released"
    elif action in ("acknowledge", "close"):
        for_ms = _duration(form.get("duration", ""), desk.config().acknowledgement_timeout_ms)
        answer = await desk.responding.acknowledge(
            group, name, visit.via, for_ms, comment=comment_in(form), closed=action == "close"
        )
        given = "closed" if action == "close" else "given"
        said = given if answer.given else "already"
    else:
        raise Unusable(f'"{action[:40]}" is nothing that can be done here.')
    desk.callbacks.taken("link")
    return back(request, name, said)


def _duration(text: str, default_ms: int) -> int:
    try:
        return parse_duration_ms(text) if text else default_ms
    except DurationFailure as why:
        raise Unusable(f"The duration is {why}.") from None


def _known_key(desk: Desk, tenant: str, request: Request) -> str:
    """The group key that the URL means: templates put it there raw, or escaped for a path or for a query."""
    path, query = str(request.path_params["group_key"]), request.url.query
    raw = [path, *([f"{path}?{unquote(query)}"] if query else [])]
    forms = [form for text in raw for form in (text, unquote_plus(text))]
    firing = {group.group_key for group in desk.responding.groups(tenant)}
    return next((form for form in forms if form in firing), path)


def _is_our_form(desk: Desk, form: Mapping[str, str], content: Mapping[str, str]) -> bool:
    try:
        return desk.signer.content(FORM, form.get("form", "")) == content
    except InvalidToken:
        return False
