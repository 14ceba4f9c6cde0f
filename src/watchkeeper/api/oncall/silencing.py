"""`/silence/t/TOKEN`: a page on which what a group's alerts have in common is silenced for a while."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.access import InvalidToken
from watchkeeper.alerts import InvalidSilence
from watchkeeper.api.alert_rows import labels_html
from watchkeeper.api.oncall.desk import Desk, read_form
from watchkeeper.api.oncall.form import Unusable, back, comment_field, comment_in, name_field, name_in
from watchkeeper.api.oncall.page import alerts_table, title_of
from watchkeeper.api.page import heading, not_kept, page, refusal, said_text, time_text, wrong_text
from watchkeeper.oncall.links import SILENCE
from watchkeeper.oncall.responding import GroupNow, NothingFires
from watchkeeper.oncall.silence_ends import HOURS, MONDAY, silence_end
from watchkeeper.store import StoreFailure

FORM = "silencing form"
_FORM_LIVES_MS = 3_600_000
_OVER = "Nothing fires in this group now, so there is nothing to silence."


def routes(desk: Desk) -> list[BaseRoute]:
    """The page."""

    async def signed(request: Request) -> Response:
        try:
            content = desk.signer.content(SILENCE, request.path_params["token"])
            group = desk.responding.group(content["tenant"], content["group_key"])
        except InvalidToken as why:
            desk.callbacks.refused("link", str(why))
            return refusal("This link cannot be used", f"{why}.".capitalize(), 410 if why.expired else 403)
        except NothingFires:
            return refusal("Nothing to silence", _OVER, 409 if request.method == "POST" else 200)
        person = content.get("person", "")
        if request.method != "POST":
            return _page(desk, request, group, person, {})
        form = await read_form(request)
        try:
            return await _silence(desk, request, group, person, form)
        except (Unusable, InvalidSilence) as why:
            return _page(desk, request, group, person, form, str(why))
        except StoreFailure as failure:
            return not_kept(failure)

    return [Route("/silence/t/{token}", signed, methods=["GET", "POST"])]


async def _silence(desk: Desk, request: Request, group: GroupNow, person: str, form: Mapping[str, str]) -> Response:
    name, comment = name_in(form, person), comment_in(form)
    if not comment:
        raise Unusable("The reason is missing: whoever finds the silence wants to know it.")
    try:
        ends_at = silence_end(form.get("duration", ""), desk.clock.now_ms(), desk.zone())
        # What is silenced is what the page has shown, though other alerts may have joined the group since.
        labels = json.loads(desk.signer.content(FORM, form.get("form", ""))["labels"])
    except KeyError:
        raise Unusable("For how long?") from None
    except InvalidToken:
        raise Unusable("The page was too old: look at what is silenced, and try again.") from None
    await desk.responding.silence(group, labels, name, ends_at, comment)
    desk.callbacks.taken("link")
    return back(request, name, str(ends_at))


def _page(
    desk: Desk, request: Request, group: GroupNow, person: str, typed: Mapping[str, str], wrong: str = ""
) -> Response:
    zone, labels = desk.zone(), dict(group.common_labels)
    form = desk.signer.token(FORM, {"labels": json.dumps(labels)}, _FORM_LIVES_MS)
    said, until = "", request.query_params.get("said", "")
    if wrong:
        said = wrong_text(wrong)
    elif until.isascii() and until.isdigit() and len(until) < 14:
        said = said_text(f"It is silenced until {time_text(int(until), zone)}.")
    monday = time_text(silence_end(MONDAY, desk.clock.now_ms(), zone), zone)
    choices = "".join(
        f'<label><input type="radio" name="duration" value="{choice}" required'
        f"{' checked' if choice == typed.get('duration') else ''}> <span>{text}</span></label>"
        for choice, text in [*((choice, f"for {choice}") for choice in HOURS), (MONDAY, f"until Monday, {monday}")]
    )
    title, name = f"Silence {title_of(group)}", name_field(person, request, typed.get("name", ""))
    body = f"""{heading(title)}{said}<p>{labels_html(labels)}</p>
<p class="soft">Nobody is told of any alert with these labels until the silence ends.</p>
<form class="narrow" method="post"><input type="hidden" name="form" value="{escape(form)}">{name}
<fieldset><legend>How long</legend>{choices}</fieldset>{comment_field(True, typed.get("comment", ""))}
<button class="first">Silence</button></form>
{alerts_table(group, zone)}"""
    return page(title, body, 400 if wrong else 200)
