"""SMS and calls by Twilio's REST API of 2010-04-01 (its Messages and Calls resources)."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from urllib.parse import quote, urlencode

from watchkeeper.access import Signer
from watchkeeper.notify.config.twilio import TwilioConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

MESSAGE = 1600
"""The most characters that Twilio takes; it sends them as several SMS."""
SPOKEN = 500
"""The most characters that a call says."""
PURPOSE = "twilio"
"""What a call's token is good for."""
TOKEN_LIVES_MS = 3_600_000
CALLBACK = "/api/watchkeeper/v1/twilio/voice"
"""Where Twilio asks what to say, below our external address."""


class Twilio:
    """An SMS or a call to each number; those that have it are not told again when others are tried again."""

    def __init__(self, config: TwilioConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)
        self._signer = outside.signer
        resource = "Calls" if config.voice else "Messages"
        account = quote(config.account_sid, safe="")
        self._url = f"{config.api_url.rstrip('/')}/2010-04-01/Accounts/{account}/{resource}.json"

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        told = call(self._config, message, self._signer) if self._config.voice else parameters(self._config, message)
        bodies = {number: urlencode({"To": number, **told}) for number in self._config.to}
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


def call(config: TwilioConfig, message: Message, signer: Signer) -> dict[str, object]:
    """What is asked of Twilio for a call, less the number: it asks us what to say, or knows it."""
    text = in_characters(" ".join(message.rendering.prose(config.message).split()), SPOKEN)
    if not config.callback:
        said = f"<Say>{escape(text)}</Say><Pause/>"
        return {"From": config.from_, "Twiml": f"<Response>{said * 2}</Response>"}
    about = {"tenant": message.flush.tenant, "group_key": message.flush.group_key, "text": text}
    token = signer.token(PURPOSE, about, TOKEN_LIVES_MS)
    return {"From": config.from_, "Url": f"{message.data.external_url}{CALLBACK}?token={token}", "Method": "POST"}
