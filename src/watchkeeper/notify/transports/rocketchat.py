"""Rocket.Chat."""

from __future__ import annotations

from watchkeeper.notify.config.rocketchat import RocketchatAction, RocketchatConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, decoded, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

TITLE = 1024
"""The most characters of a title."""


class Rocketchat:
    """A message with one attachment."""

    def __init__(self, config: RocketchatConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        body = json_body(payload(config, message))
        url = f"{config.api_url.rstrip('/')}/api/v1/chat.postMessage"

        async def attempt() -> str:
            token = secret_text(config.token, config.token_file)
            user = secret_text(config.token_id, config.token_id_file)
            headers = {**JSON, "X-Auth-Token": token, "X-User-Id": user}
            answer = decoded(await self._exchange.send(Request(url, body, headers)))
            if answer.get("success") is not True:
                raise NotifyFailure(f"Rocket.Chat refuses: {answer.get('error', '')}", reason="clientError")
            return ""

        return attempt


def payload(config: RocketchatConfig, message: Message) -> object:
    """The body (Rocket.Chat's «Post Message»)."""
    text = message.rendering
    fields = [
        {
            "short": config.short_fields if field.short is None else field.short,
            **given(title=text.prose(field.title), value=text.prose(field.value)),
        }
        for field in config.fields
    ]
    attachment = given(
        title=in_characters(text.prose(config.title), TITLE),
        title_link=text.text(config.title_link),
        text=text.prose(config.text),
        image_url=text.text(config.image_url),
        thumb_url=text.text(config.thumb_url),
        color=text.text(config.color),
        fields=fields,
        actions=[_action(action, message) for action in config.actions],
    )
    return given(
        channel=text.text(config.channel),
        emoji=text.text(config.emoji),
        avatar=text.text(config.icon_url),
        attachments=[attachment],
    )


def _action(action: RocketchatAction, message: Message) -> dict[str, object]:
    text = message.rendering
    names = ("type", "text", "url", "msg")
    return {
        **given(**{name: text.prose(getattr(action, name)) for name in names}),
        **given(
            image_url=action.imageurl,
            webview_height_ratio=action.webviewheightratio,
            msg_processing_type=action.msgprocessingtype,
        ),
        "is_webview": action.iswebview,
        "msg_in_chat_window": action.msginchatwindow,
    }
