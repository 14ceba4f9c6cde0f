"""SMS by Twilio's REST API of 2010-04-01 (its Messages resource)."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote, urlencode

from watchkeeper.notify.config.twilio import TwilioConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

MESSAGE = 1600
"""The most characters that Twilio takes; it sends them as several SMS."""


class Twilio:
    """An SMS to each number; those that have it are not told again when others are tried again."""

    def __init__(self, config: TwilioConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)
        account = quote(config.account_sid, safe="")
        self._url = f"{config.api_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        bodies = {number: urlencode({"To": number, **parameters(self._config, message)}) for number in self._config.to}
        waiting = list(bodies)
        refused: list[NotifyFailure] = []

        async def attempt() -> str:
            unsent: list[NotifyFailure] = []
            for number in tuple(waiting):
                try:
                    await self._send(bodies[number].encode())
                except NotifyFailure as failure:
                    (unsent if failure.retryable else refused).append(failure)
                    if failure.retryable:
                        continue
                waiting.remove(number)
            for failure in [*unsent, *refused]:
                raise failure
            return ""

        return attempt

    async def _send(self, body: bytes) -> None:
        token = secret_text(self._config.auth_token, self._config.auth_token_file)
        login = b64encode(f"{self._config.account_sid}:{token}".encode()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {login}"}
        await self._exchange.send(Request(self._url, body, headers))


def parameters(config: TwilioConfig, message: Message) -> dict[str, object]:
    """What is asked of Twilio, less the number to tell."""
    text = in_characters(message.rendering.prose(config.message).strip(), MESSAGE)
    return {"Body": text, **given(From=config.from_, MessagingServiceSid=config.messaging_service_sid)}
