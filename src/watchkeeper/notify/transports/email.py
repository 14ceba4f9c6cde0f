"""E-mail by SMTP (RFC 5321), with TLS and a login."""

from __future__ import annotations

import base64
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import getaddresses

import aiosmtplib

from watchkeeper.base.http import HTTPFailure, TLSConfig
from watchkeeper.base.http.tls import TLS
from watchkeeper.notify.config.email import EmailConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import secret_text
from watchkeeper.notify.transports.mail import compose
from watchkeeper.notify.transports.outside import Outside

IMPLICIT_TLS_PORT = 465
_LONGEST_S = 60.0
"""What one command may take; the notification's own time bounds all of them."""


class Email:
    """One mail to one server, which passes it on."""

    def __init__(self, config: EmailConfig, outside: Outside) -> None:
        self._heard = outside.heard
        self._config = config
        self._clock = outside.clock
        self._unique = outside.unique
        self._tls = TLS(config.tls_config or TLSConfig())
        host, _, port = config.smarthost.rpartition(":")
        self._host = host.strip("[]")
        self._port = _port(port)
        self._implicit = self._port == IMPLICIT_TLS_PORT
        if config.force_implicit_tls is not None:
            self._implicit = config.force_implicit_tls

    def prepare(self, message: Message) -> Attempt:
        """Render everything. Raises NotifyFailure where sender and recipients are no addresses."""
        at = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        senders = _addresses(message.rendering.text(self._config.from_), "from")
        recipients = _addresses(message.rendering.text(self._config.to), "to")
        if len(senders) != 1:
            raise NotifyFailure("from must be a single address", reason="clientError")
        domain = senders[0].rpartition("@")[2]
        mail = compose(self._config, message, at, f"<{self._clock.now_ms()}.{self._unique()}@{domain}>")

        async def attempt() -> str:
            await self._failing_as_ours(lambda: self._send(senders[0], recipients, mail))
            return ""

        return attempt

    async def _send(self, sender: str, recipients: list[str], mail: bytes) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            local_hostname=self._config.hello or "localhost",
            timeout=_LONGEST_S,
            use_tls=self._implicit,
            start_tls=False,
            tls_context=self._tls.context() if self._implicit else None,
        )
        try:
            await client.connect()
            await self._secure(client)
            await self._log_in(client)
            _, said = await client.sendmail(sender, recipients, mail)
            self._heard(said)
            # The mail is taken; whether the server says goodbye does not matter.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()

    async def _secure(self, client: aiosmtplib.SMTP) -> None:
        await client.ehlo()
        if self._implicit or not self._config.require_tls:
            return
        if not client.supports_extension("starttls"):
            raise NotifyFailure(f"{self._config.smarthost} does not offer STARTTLS, and require_tls asks for it")
        tls_config = self._config.tls_config or TLSConfig()
        await client.starttls(tls_context=self._tls.context(), server_hostname=tls_config.server_name or None)
        await client.ehlo()

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        """By the first way that the server offers and we have the secret for (CRAM-MD5, PLAIN, LOGIN)."""
        config = self._config
        user = secret_text(config.auth_username, config.auth_username_file)
        offered = [method.lower() for method in client.supported_auth_methods]
        if not user or not offered:
            return
        secret = secret_text(config.auth_secret, config.auth_secret_file)
        password = secret_text(config.auth_password, config.auth_password_file)
        ways: Mapping[str, tuple[str, Callable[[], Awaitable[object]]]] = {
            "cram-md5": (secret, lambda: client.auth_crammd5(user, secret)),
            "plain": (password, lambda: _auth_plain(client, config.auth_identity, user, password)),
            "login": (password, lambda: client.auth_login(user, password)),
        }
        for method in offered:
            if method in ways and ways[method][0]:
                await ways[method][1]()
                return
        raise NotifyFailure(f"{config.smarthost} offers {', '.join(offered)}, for which there is no secret or password")

    async def _failing_as_ours(self, send: Callable[[], Awaitable[None]]) -> None:
        where = self._config.smarthost
        try:
            await send()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise NotifyFailure(f"{where} refuses the login: status {error.code}", reason="clientError") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refusal.code for refusal in error.recipients}
            reasons = "; ".join(f"{refusal.recipient}: {refusal.message}" for refusal in error.recipients)
            raise NotifyFailure(f"{where} refuses {reasons}", retryable=all(c < 500 for c in codes)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotifyFailure(f"{where}: {error.code} {error.message}", retryable=error.code < 500) from None
        except (aiosmtplib.SMTPException, HTTPFailure, OSError) as error:
            raise NotifyFailure(f"{where}: {error}", retryable=True) from None


async def _auth_plain(client: aiosmtplib.SMTP, identity: str, user: str, password: str) -> None:
    """RFC 4616; aiosmtplib's own has no place for an identity."""
    given = base64.b64encode(f"{identity}\0{user}\0{password}".encode())
    response = await client.execute_command(b"AUTH", b"PLAIN", given)
    if response.code != aiosmtplib.SMTPStatus.auth_successful:
        raise aiosmtplib.SMTPAuthenticationError(response.code, response.message)


def _addresses(text: str, what: str) -> list[str]:
    addresses = [address for _, address in getaddresses([text])]
    if not addresses or not all("@" in address for address in addresses):
        raise NotifyFailure(f'"{text}" in {what} is no list of addresses', reason="clientError")
    return addresses


def _port(text: str) -> int:
    return int(text) if text.isdigit() else socket.getservbyname(text)
