"""`/twilio/voice` and `/twilio/sms`: a call that reads an alert and takes «1», and answers by SMS.

Source: Twilio's documentation of TwiML for voice and messaging, and of its requests' signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.access import InvalidToken
from watchkeeper.api.body import read_body
from watchkeeper.api.oncall import twiml
from watchkeeper.api.oncall.desk import LARGEST_FORM, Desk
from watchkeeper.api.oncall.page import title_of
from watchkeeper.api.oncall.urls import form_pairs, outside_url
from watchkeeper.base.http import HTTPFailure
from watchkeeper.base.http.authorization import source
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.oncall.callback_signatures import CallbackRefused, check_twilio
from watchkeeper.oncall.responding import GroupNow, NothingFires

PURPOSE = "twilio"
"""What a call's token is good for."""
_PATH = "/api/watchkeeper/v1/twilio"
_KEPT_MS = 30 * 86_400_000
"""How long an SMS or a pressed key is remembered; Twilio's requests bear no time."""
_WORDS = ("ack", "acknowledge", "1")
_MOST_NAMED = 5
_HOW = "Reply ACK to acknowledge."


def routes(desk: Desk) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""

    async def voice(request: Request) -> Response:
        try:
            form = await _form(desk, request, "voice")
            return _xml(await _answered_call(desk, request, form))
        except CallbackRefused as why:
            return _refused(desk, "voice", why)

    async def sms(request: Request) -> Response:
        try:
            form = await _form(desk, request, "sms")
            person = desk.people().by_account("phone", form.get("From", ""))
            if person is None:
                raise CallbackRefused("the SMS comes from a number that is nobody's")
            await desk.callbacks.take_once("sms", form.get("MessageSid", ""), _KEPT_MS)
        except CallbackRefused as why:
            return _refused(desk, "sms", why)
        desk.callbacks.taken("sms")
        return _xml(twiml.message(await _answered_sms(desk, form, person.name)))

    return [Route("/twilio/voice", voice, methods=["POST"]), Route("/twilio/sms", sms, methods=["POST"])]


def code_of(tenant: str, group_key: str) -> str:
    """A short name of a group that fits into an SMS: six digits of the SHA-256 of its tenant and key."""
    return hashlib.sha256(f"{tenant}\0{group_key}".encode()).hexdigest()[:6]


async def _form(desk: Desk, request: Request, kind: str) -> Mapping[str, str]:
    """What Twilio says, checked. Raises CallbackRefused."""
    config, pairs = desk.config(), form_pairs(await read_body(request, LARGEST_FORM))
    try:
        token = source(config.twilio_auth_token, config.twilio_auth_token_file)()
    except HTTPFailure as failure:
        raise CallbackRefused(f"the auth token cannot be read: {failure}") from None
    if not token:
        raise CallbackRefused("oncall.twilio_auth_token is not configured")
    url = outside_url(desk.external_url, f"{_PATH}/{kind}", request)
    check_twilio(token, url, pairs, request.headers.get("x-twilio-signature", ""))
    return dict(pairs)


async def _answered_call(desk: Desk, request: Request, form: Mapping[str, str]) -> str:
    try:
        content = desk.signer.content(PURPOSE, request.query_params.get("token", ""))
        group = desk.responding.group(content["tenant"], content["group_key"])
    except InvalidToken as why:
        raise CallbackRefused(str(why)) from None
    except NothingFires:
        return twiml.say("This alert is over. Nothing is to be done. Goodbye.")
    if form.get("Digits") != "1":
        text = content.get("text") or f"Alert: {title_of(group)}. {len(group.firing)} firing."
        return twiml.ask(text, outside_url(desk.external_url, f"{_PATH}/voice", request))
    await desk.callbacks.take_once("voice", form.get("CallSid", ""), _KEPT_MS)
    desk.callbacks.taken("voice")
    return twiml.say(await _acknowledge(desk, group, _callee(desk, content, form), "voice"))


def _callee(desk: Desk, content: Mapping[str, str], form: Mapping[str, str]) -> str:
    """Who was called: by the token, else whose number it is, else the number."""
    person = desk.people().by_account("phone", form.get("To", ""))
    return content.get("person") or (person.name if person is not None else form.get("To") or "somebody by phone")


async def _answered_sms(desk: Desk, form: Mapping[str, str], actor: str) -> str:
    word, *codes = form.get("Body", "").lower().split() or [""]
    if word not in _WORDS:
        return _HOW
    texted, others = _waiting(desk, form.get("From", ""))
    if codes:
        meant = [one for one in (*texted, *others) if code_of(one.tenant, one.group_key) == codes[0]]
    else:
        meant = texted or others
    if not meant:
        return f"Nothing waits to be acknowledged by the code {codes[0]}." if codes else "Nothing waits for you."
    if len(meant) > 1:
        return _which(meant)
    return await _acknowledge(desk, meant[0], actor, "sms")


def _waiting(desk: Desk, number: str) -> tuple[list[GroupNow], list[GroupNow]]:
    """The groups that nobody looks after: those that the number was told of, in any tenant, and the default tenant's.

    Of other tenants nobody hears by SMS who was not told of them.
    """
    told = desk.texted(number)
    own = {(DEFAULT_TENANT, one.group_key) for one in desk.responding.groups(DEFAULT_TENANT)}
    return _unattended(desk, told), _unattended(desk, own - set(told))


def _unattended(desk: Desk, names: Iterable[tuple[str, str]]) -> list[GroupNow]:
    """Those of these groups that fire and that nobody has acknowledged, those that fire longest first."""
    found = list[GroupNow]()
    for tenant, group_key in names:
        with suppress(NothingFires):
            found.append(desk.responding.group(tenant, group_key))
    waiting = [one for one in found if one.acknowledgement is None]
    return sorted(waiting, key=lambda one: (one.since, one.tenant, one.group_key))


def _which(groups: Sequence[GroupNow]) -> str:
    named = "; ".join(
        f"ACK {code_of(one.tenant, one.group_key)} for {title_of(one)}"
        + ("" if one.tenant == DEFAULT_TENANT else f" of {one.tenant}")
        for one in groups[:_MOST_NAMED]
    )
    return f"{len(groups)} groups fire. Reply {named}"


async def _acknowledge(desk: Desk, group: GroupNow, actor: str, via: str) -> str:
    answer = await desk.responding.acknowledge(group, actor, via, desk.config().acknowledgement_timeout_ms)
    if answer.given:
        return f"Acknowledged: {title_of(group)}. Thank you."
    return f"{answer.acknowledgement.actor} has acknowledged {title_of(group)} before you."


def _refused(desk: Desk, channel: str, why: CallbackRefused) -> Response:
    desk.callbacks.refused(channel, str(why))
    return PlainTextResponse(f"{why}\n", 403)


def _xml(text: str) -> Response:
    return Response(text, media_type="application/xml")
