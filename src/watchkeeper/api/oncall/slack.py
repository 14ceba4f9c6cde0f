"""`/slack/interactive`: buttons in Slack's messages, in blocks or in attachments of old.

Source: Slack's documentation of interactivity and of verifying requests.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.access import InvalidToken
from watchkeeper.alerts import InvalidSilence
from watchkeeper.api.body import read_body
from watchkeeper.api.oncall.desk import LARGEST_FORM, Desk
from watchkeeper.api.oncall.slack_message import Pressed, only_to_you, pressed, with_outcome
from watchkeeper.api.oncall.urls import form_pairs
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.base.failure import Failure
from watchkeeper.base.http import HTTPFailure
from watchkeeper.base.http.authorization import source
from watchkeeper.oncall.callback_signatures import WINDOW_MS, CallbackRefused, check_slack
from watchkeeper.oncall.responding import GroupNow, NothingFires

log = logging.getLogger(__name__)

PURPOSE = "slack"
"""What a button's token is good for."""
_SILENCE_FOR = "1h"


def routes(desk: Desk) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def interactive(request: Request) -> Response:
        body = await read_body(request, LARGEST_FORM)
        try:
            payload = await _payload(desk, request, body)
        except CallbackRefused as why:
            desk.callbacks.refused("slack", str(why))
            return PlainTextResponse(f"{why}\n", 401)
        button = pressed(payload)
        if button is None:
            return Response()  # A button that only leads somewhere, or another app's: Slack wants no more than 200.
        try:
            content = desk.signer.content(PURPOSE, button.value)
        except InvalidToken as why:
            desk.callbacks.refused("slack", f"of a button: {why}")
            told = only_to_you(f"Not done: {why}")
            return Response(background=BackgroundTask(_reply, desk, button.response_url, told))
        desk.callbacks.taken("slack")
        said, message = await _done(desk, button, content, payload)
        log.info("slack: %s", said)
        return Response(background=BackgroundTask(_reply, desk, button.response_url, message))

    return [Route("/slack/interactive", interactive, methods=["POST"])]


async def _payload(desk: Desk, request: Request, body: bytes) -> Mapping[str, Any]:
    """What Slack says, checked. Raises CallbackRefused."""
    config, headers = desk.config(), request.headers
    try:
        secret = source(config.slack_signing_secret, config.slack_signing_secret_file)()
    except HTTPFailure as failure:
        raise CallbackRefused(f"the signing secret cannot be read: {failure}") from None
    if not secret:
        raise CallbackRefused("oncall.slack_signing_secret is not configured")
    signature = headers.get("x-slack-signature", "")
    check_slack(secret, headers.get("x-slack-request-timestamp", ""), signature, body, desk.clock.now_ms())
    await desk.callbacks.take_once("slack", signature, 2 * WINDOW_MS)
    try:
        return msgspec.json.decode(dict(form_pairs(body)).get("payload", ""), type=dict[str, Any])
    except msgspec.MsgspecError:
        raise CallbackRefused("its payload is no JSON object") from None


async def _done(
    desk: Desk, button: Pressed, content: Mapping[str, str], payload: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """What was done, and the message that tells it."""
    try:
        group = desk.responding.group(content["tenant"], content["group_key"])
        said = await _do(desk, button, group, content.get("duration", _SILENCE_FOR))
    except (NothingFires, InvalidSilence, DurationFailure) as why:
        return str(why), only_to_you(f"Not done: {why}")
    except Failure as why:
        log.error("slack: %s", why)
        return str(why), only_to_you("Not done: an error of ours, try again soon.")
    return said, with_outcome(payload, button, said)


async def _do(desk: Desk, button: Pressed, group: GroupNow, duration: str) -> str:
    person = desk.people().by_account("slack", button.user_id)
    actor = person.name if person is not None else button.user_name
    if button.does == "silence":
        ends_at = desk.clock.now_ms() + parse_duration_ms(duration)
        await desk.responding.silence(group, group.common_labels, actor, ends_at, "silenced in Slack")
        return f"{actor} silenced it for {duration}"
    closed = button.does == "resolve"
    for_ms = desk.config().acknowledgement_timeout_ms
    answer = await desk.responding.acknowledge(group, actor, "slack", for_ms, closed=closed)
    one = answer.acknowledgement
    return f"{one.actor} {'closed' if one.closed else 'acknowledged'} it"


async def _reply(desk: Desk, url: str, message: Mapping[str, Any]) -> None:
    if _origin(url) in desk.config().slack_response_origins:
        await desk.reply(url, msgspec.json.encode(message))
    elif url:
        log.warning("slack wants its answer at %s, which oncall.slack_response_origins does not name", _origin(url))


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
