"""Pushover."""

from __future__ import annotations

from urllib.parse import urlencode

from watchkeeper.notify.config.pushover import PushoverConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import in_characters

URL = "https://api.pushover.net/1/messages.json"
TITLE, MESSAGE, LINK = 250, 1024, 512
"""The most characters that Pushover takes."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Pushover:
    """A push to somebody's devices."""

    def __init__(self, config: PushoverConfig, outside: Outside, url: str = URL) -> None:
        self._config = config
        self._exchange = Exchange(outside)
        self._url = url

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        told = parameters(config, message)

        async def attempt() -> str:
            token = message.rendering.text(secret_text(config.token, config.token_file))
            user = message.rendering.text(secret_text(config.user_key, config.user_key_file))
            # In the body and not in the address, which servers and proxies write into their logs.
            body = urlencode({"token": token, "user": user, **told}).encode()
            await self._exchange.send(Request(self._url, body, _FORM))
            return ""

        return attempt


def parameters(config: PushoverConfig, message: Message) -> dict[str, str]:
    """What is asked of Pushover, less who we are."""
    text = message.rendering
    body = (text.html if config.html else text.prose)(config.message)
    told = {
        "title": in_characters(text.prose(config.title), TITLE),
        "message": in_characters(body, MESSAGE).strip() or "(no details)",
        "url": in_characters(text.text(config.url), LINK),
        "url_title": text.prose(config.url_title),
        "priority": text.text(config.priority),
        "retry": str(config.retry_ms // 1000),
        "expire": str(config.expire_ms // 1000),
        "device": text.text(config.device),
        "sound": text.text(config.sound),
    }
    flags = {"html": config.html, "monospace": config.monospace}
    told |= {name: "1" for name, wanted in flags.items() if wanted}
    if config.ttl_ms:
        told["ttl"] = str(config.ttl_ms // 1000)
    return told
