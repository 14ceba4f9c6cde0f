"""Slack, by an incoming webhook or by a bot."""

from __future__ import annotations

import msgspec

from watchkeeper.base.http import Answer
from watchkeeper.notify.config.attachment import AttachmentField
from watchkeeper.notify.config.slack import SlackAction, SlackConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, decoded, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

TITLE = 1024
"""The most characters of a title."""
_MARKDOWN_IN = ("fallback", "pretext", "text")


class Slack:
    """A message with one attachment; a bot may change it later."""

    def __init__(self, config: SlackConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        told = payload(config, message)
        place = _place(message.memory) if config.update_message else {}

        async def attempt() -> str:
            url, headers = self._address()
            if place:
                url = url.replace("/chat.postMessage", "/chat.update")
            answer = await self._exchange.send(Request(url, json_body({**told, **place}), headers))
            return self._judge(answer)

        return attempt

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
                raise NotifyFailure(
                    f"Slack refuses: {answer.body[:300].decode(errors='replace')}", reason="clientError"
                )
            return ""
        said = decoded(answer)
        if said.get("ok") is not True:
            raise NotifyFailure(f"Slack refuses: {said.get('error', '')}", reason="clientError")
        place = {"channel": said.get("channel"), "ts": said.get("ts")}
        return json_body(place).decode() if self._config.update_message and all(place.values()) else ""


def payload(config: SlackConfig, message: Message) -> dict[str, object]:
    """The body (Slack's `chat.postMessage` and incoming webhooks)."""
    text = message.rendering
    attachment = {
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
    return given(
        channel=text.text(config.channel),
        username=text.text(config.username),
        icon_emoji=text.text(config.icon_emoji),
        icon_url=text.text(config.icon_url),
        link_names=config.link_names or None,
        text=text.prose(config.message_text),
        attachments=[attachment],
    )


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
