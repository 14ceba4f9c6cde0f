"""Slack, by an incoming webhook or by a bot."""

from __future__ import annotations

from typing import cast

import msgspec

from watchkeeper.base.http import Answer
from watchkeeper.notify.config.attachment import AttachmentField
from watchkeeper.notify.config.slack import SlackAction, SlackConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, decoded, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.slack_blocks import blocks, buttons
from watchkeeper.notify.transports.truncating import given, in_characters

TITLE = 1024
"""The most characters of a title."""
_MARKDOWN_IN = ("fallback", "pretext", "text")
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""Errors of Slack's Web API that a later attempt may not meet."""
_GONE = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
_NOT_CHANGED = frozenset({"channel", "username", "icon_emoji", "icon_url"})
"""What `chat.update` does not take, or takes from the message."""


class Slack:
    """A message with one attachment; a bot may change it later, and answer to it."""

    def __init__(self, config: SlackConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)
        self._signer = outside.signer

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        told = payload(config, message)
        first = self._with_buttons(told, message)
        place = _place(message.memory) if config.update_message or config.thread else {}
        if config.thread and place:
            return self._in_thread(first, told, place)

        async def attempt() -> str:
            if place:
                return await self._call("chat.update", _change(first, place))
            return await self._call("chat.postMessage", first)

        return attempt

    def _in_thread(self, first: dict[str, object], reply: dict[str, object], place: dict[str, object]) -> Attempt:
        """Answer to the first message and change it; what was done already is not done again."""
        answered = False
        changed = _change({name: value for name, value in first.items() if name not in _NOT_CHANGED}, place)

        async def attempt() -> str:
            nonlocal answered
            try:
                if not answered:
                    there = {"channel": place["channel"], "thread_ts": place["ts"]}
                    await self._call("chat.postMessage", {**reply, **there})
                    answered = True
                await self._call("chat.update", changed)
            except _Gone:
                return await self._call("chat.postMessage", first)
            return json_body(place).decode()

        return attempt

    def _with_buttons(self, told: dict[str, object], message: Message) -> dict[str, object]:
        row = buttons(message, self._signer) if self._config.interactive else None
        if row is None:
            return told
        attached = cast("list[object]", told.get("attachments", []))
        return {**told, "attachments": [*attached, row]}

    async def _call(self, method: str, told: dict[str, object]) -> str:
        """What is to be remembered of the message."""
        url, headers = self._address()
        url = url.replace("/chat.postMessage", f"/{method}")
        return self._judge(await self._exchange.send(Request(url, json_body(told), headers)))

    def _address(self) -> tuple[str, dict[str, str]]:
        config, headers = self._config, dict(JSON)
        if not config.by_app:
            return secret_text(config.api_url, config.api_url_file), headers
        headers["Authorization"] = f"Bearer {secret_text(config.app_token, config.app_token_file)}"
        return config.app_url, headers

    def _judge(self, answer: Answer) -> str:
        """Slack says no with a status of 200; what it says yes to may be changed later."""
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            if answer.body.strip() != b"ok":
                raise NotifyFailure(f"Slack refuses: {self._exchange.said(answer)}", reason="clientError")
            return ""
        said = decoded(answer)
        if said.get("ok") is not True:
            raise self._refusal(str(said.get("error", "")), answer)
        place = {"channel": said.get("channel"), "ts": said.get("ts")}
        kept = self._config.update_message or self._config.thread
        return json_body(place).decode() if kept and all(place.values()) else ""

    def _refusal(self, error: str, answer: Answer) -> NotifyFailure:
        text = f"Slack refuses: {error}"
        if error in _GONE and self._config.thread:
            return _Gone(text, reason="clientError")
        if error in _PASSING:
            return NotifyFailure(
                text, retryable=True, retry_after_s=self._exchange.retry_after_s(answer), reason="serverError"
            )
        return NotifyFailure(text, reason="clientError")


def _change(told: dict[str, object], place: dict[str, object]) -> dict[str, object]:
    """The body of `chat.update`, by which attachments that are not there any more go away."""
    return {"attachments": [], **told, **place}


class _Gone(NotifyFailure):
    """The message that was to be changed or answered is there no longer."""


def payload(config: SlackConfig, message: Message) -> dict[str, object]:
    """The body (Slack's `chat.postMessage` and incoming webhooks)."""
    text = message.rendering
    own = blocks(config, message)
    attachment = _attachment(config, message)
    if own:
        # Beside blocks the attachment has what the user gives it, not what stands for a message by default.
        attachment = {name: value for name, value in attachment.items() if name in config.model_fields_set}
    return given(
        channel=text.text(config.channel),
        username=text.text(config.username),
        icon_emoji=text.text(config.icon_emoji),
        icon_url=text.text(config.icon_url),
        link_names=config.link_names or None,
        text=text.prose(config.message_text or (config.fallback if own else "")),
        blocks=own,
        attachments=[attachment] if attachment else [],
    )


def _attachment(config: SlackConfig, message: Message) -> dict[str, object]:
    text = message.rendering
    return {
        "text": text.prose(config.text),
        "fallback": text.prose(config.fallback),
        "callback_id": text.text(config.callback_id),
        "footer": text.prose(config.footer),
        **given(
            title=in_characters(text.prose(config.title), TITLE),
            title_link=text.text(config.title_link),
            pretext=text.prose(config.pretext),
            image_url=text.text(config.image_url),
            thumb_url=text.text(config.thumb_url),
            color=text.text(config.color),
            fields=[_field(field, config, message) for field in config.fields],
            actions=[_action(action, message) for action in config.actions],
            mrkdwn_in=list(config.mrkdwn_in or _MARKDOWN_IN),
        ),
    }


def _field(field: AttachmentField, config: SlackConfig, message: Message) -> dict[str, object]:
    return {
        "title": message.rendering.prose(field.title),
        "value": message.rendering.prose(field.value),
        "short": config.short_fields if field.short is None else field.short,
    }


def _action(action: SlackAction, message: Message) -> dict[str, object]:
    text = message.rendering
    shown = given(
        type=text.text(action.type),
        text=text.prose(action.text),
        url=text.text(action.url),
        style=text.text(action.style),
    )
    if action.url:
        return shown
    told = {**shown, **given(name=text.text(action.name), value=text.text(action.value))}
    if action.confirm is not None:
        names = ("text", "title", "ok_text", "dismiss_text")
        told["confirm"] = given(**{name: text.prose(getattr(action.confirm, name)) for name in names})
    return told


def _place(memory: str) -> dict[str, object]:
    """Where the message is that is to be changed; nothing where it is not known."""
    try:
        return msgspec.json.decode(memory, type=dict[str, object]) if memory else {}
    except msgspec.MsgspecError:
        return {}
