"""WeCom (WeChat Work)."""

from __future__ import annotations

from urllib.parse import urlencode

from watchkeeper.notify.config.wechat import WechatConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, decoded, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given

TOKEN_S = 7200.0
"""How long a token is good."""
_EXPIRED = 42001


class Wechat:
    """A message of an application, by a token that is asked for first."""

    def __init__(self, config: WechatConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)
        self._clock = outside.clock
        self._token = ""
        self._until_s = 0.0

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        body = json_body(payload(self._config, message))
        corporation = message.rendering.text(self._config.corp_id)

        async def attempt() -> str:
            query = urlencode({"access_token": await self._current_token(corporation, message)})
            url = f"{self._config.api_url.rstrip('/')}/message/send?{query}"
            said = decoded(await self._exchange.send(Request(url, body)))
            if said.get("errcode") == _EXPIRED:
                self._token = ""
                raise NotifyFailure("the token has expired", retryable=True)
            if said.get("errcode") != 0:
                raise NotifyFailure(f"WeCom refuses: {said.get('errmsg', '')}", reason="clientError")
            return ""

        return attempt

    async def _current_token(self, corporation: str, message: Message) -> str:
        if self._token and self._clock.monotonic_s() < self._until_s:
            return self._token
        secret = message.rendering.text(secret_text(self._config.api_secret, self._config.api_secret_file))
        query = urlencode({"corpid": corporation, "corpsecret": secret})
        url = f"{self._config.api_url.rstrip('/')}/gettoken?{query}"
        said = decoded(await self._exchange.send(Request(url, None, {}, "GET")))
        token = said.get("access_token")
        if not token:
            raise NotifyFailure("WeCom gives no token: the secret is invalid", reason="clientError")
        self._token, self._until_s = str(token), self._clock.monotonic_s() + TOKEN_S
        return self._token


def payload(config: WechatConfig, message: Message) -> object:
    """The body (WeCom's «send application message»)."""
    text = message.rendering
    content = {"content": text.prose(config.message)}
    markdown = config.message_type == "markdown"
    return {
        "text": {"content": ""} if markdown else content,
        "markdown": content if markdown else {"content": ""},
        "msgtype": config.message_type,
        "safe": "0",
        **given(
            touser=text.text(config.to_user),
            toparty=text.text(config.to_party),
            totag=text.text(config.to_tag),
            agentid=text.text(config.agent_id),
        ),
    }
