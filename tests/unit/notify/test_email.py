"""Mails to a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import base64
import email
import hmac
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from notify_house import Open, alert

from watchkeeper.store.control import ControlDatabase


@dataclass
class Mailbox:
    """Takes mails, and lets in whoever knows the password."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusal: str = ""
    logins: list[tuple[str, str]] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusal:
            return self.refusal
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        self.recipients = envelope.rcpt_tos
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword):
            self.logins.append((data.login.decode(), data.password.decode()))
            return AuthResult(success=data.password == b"hush", handled=False)
        return AuthResult(success=False, handled=False)

    async def auth_PLAIN(self, server: SMTP, args: list[str]) -> AuthResult:
        """RFC 4616: whom to act for, who asks, and the password, apart by zero bytes."""
        identity, login, password = base64.b64decode(args[1]).decode().split("\0")
        self.identities.append(identity)
        self.logins.append((login, password))
        return AuthResult(success=password == "hush", handled=False)

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:
        """RFC 2195: the HMAC-MD5 of a challenge, in hexadecimal digits behind the name."""
        challenge = "<1896.697170952@mail.example.org>"
        answer = await server.challenge_auth(challenge)
        assert isinstance(answer, bytes)
        login, _, digest = answer.decode().partition(" ")
        right = hmac.new(b"hush", challenge.encode(), "md5").hexdigest()
        self.logins.append((login, digest))
        return AuthResult(success=digest == right, handled=False)


Post = Callable[..., Any]


@pytest.fixture
def post() -> Post:
    """Opens mail servers."""

    @asynccontextmanager
    async def open_server(**options: Any) -> AsyncGenerator[Mailbox]:
        mailbox = Mailbox()
        if options.pop("login", False):
            options |= {"authenticator": mailbox.authenticate, "auth_required": True}
        context = options.pop("ssl_context", None)
        loop = asyncio.get_running_loop()
        factory = lambda: SMTP(mailbox, hostname="mail.example.org", loop=loop, **options)  # noqa: E731
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context)
        mailbox.port = server.sockets[0].getsockname()[1]
        yield mailbox
        server.close()

    return open_server


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the authority to trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context, tmp_path / "ca.pem"


def mail(box: Mailbox, more: str = "require_tls: false") -> str:
    to = "'alice@example.org, Bob <bob@example.org>'"
    return (
        f"global: {{smtp_smarthost: '127.0.0.1:{box.port}', smtp_from: 'Watch <watch@example.org>'}}\n"
        f"receivers: [{{name: team, email_configs: [{{to: {to}, send_resolved: true, {more}}}]}}]"
    )


async def test_a_mail_has_a_text_and_an_html_part(house: Open, post: Post) -> None:
    more = "require_tls: false, text: 'ä {{ .Status }}', headers: {x-team: 'T {{ .Status }}', Reply-To: c@example.org}"
    async with post() as box, house(mail(box, more)) as room:
        assert await room.tell(alert(summary="<script> & ünïcode"))
        [told] = box.mails
        assert box.recipients == ["alice@example.org", "bob@example.org"]
        assert told["Subject"] == "[FIRING:1] Hot (a critical)"
        assert told["From"] == "Watch <watch@example.org>"
        assert told["To"] == "alice@example.org, Bob <bob@example.org>"
        assert (told["X-Team"], told["Reply-To"]) == ("T firing", "c@example.org")
        assert told["Date"].datetime.timestamp() * 1000 == room.clock.ms
        assert told["Message-Id"] == f"<{room.clock.ms}.{'0' * 15}1@example.org>"
        text, html = told.iter_parts()
        assert (text.get_content_type(), text.get_content()) == ("text/plain", "ä firing")
        assert html.get_content_type() == "text/html"
        assert "&lt;script&gt; &amp; ünïcode" in html.get_content()


async def test_a_broken_template_is_said_in_the_mail_itself(house: Open, post: Post) -> None:
    more = "require_tls: false, html: '{{ .Nope }}'"
    async with post() as box, house(mail(box, more)) as room:
        assert await room.tell(alert())
        [told] = box.mails
        [part] = told.iter_parts()
        assert "1 firing, 0 resolved" in part.get_content()
        assert "can&#x27;t evaluate field Nope in type *template.Data" in part.get_content()
        assert room.figure("watchkeeper_notification_template_failures_total", integration="email") == 1


async def test_headers_cannot_be_smuggled_in_by_an_alert(house: Open, post: Post) -> None:
    more = "require_tls: false, headers: {Subject: '{{ .CommonAnnotations.summary }}'}"
    async with post() as box, house(mail(box, more)) as room:
        assert await room.tell(alert(summary="a\r\nBcc: eve@example.org\r\n\r\nb"))
        [told] = box.mails
        assert told["Bcc"] is None
        assert told["Subject"] == "a Bcc: eve@example.org b"


async def test_starttls_is_required_unless_told_otherwise(house: Open, post: Post) -> None:
    async with post() as box, house(mail(box, "text: x")) as room:
        assert not await room.tell(alert())
        assert box.mails == []


async def test_a_mail_goes_by_starttls_with_a_login(house: Open, post: Post, tls: tuple[ssl.SSLContext, Path]) -> None:
    context, authority = tls
    more = f"tls_config: {{ca_file: {authority}}}, auth_username: watch, auth_password: hush"
    async with post(login=True, tls_context=context, require_starttls=True) as box, house(mail(box, more)) as room:
        assert await room.tell(alert())
        assert len(box.mails) == 1
        assert box.logins == [("watch", "hush")]


async def test_a_wrong_password_is_neither_tried_twice_nor_shown(
    house: Open, post: Post, tls: tuple[ssl.SSLContext, Path], control: ControlDatabase
) -> None:
    context, authority = tls
    more = f"tls_config: {{ca_file: {authority}}}, auth_username: watch, auth_password: HUSH"
    async with post(login=True, tls_context=context, require_starttls=True) as box, house(mail(box, more)) as room:
        assert not await room.tell(alert())
        assert len(box.logins) == 1
        [(detail,)] = await control.rows("SELECT detail FROM notification_log")
        assert "refuses the login" in str(detail)
        assert "HUSH" not in str(detail)


async def test_a_login_by_plain_says_for_whom_it_acts(house: Open, post: Post) -> None:
    login = "auth_username: watch, auth_password: hush, auth_identity: ops"
    options = {"login": True, "auth_require_tls": False, "auth_exclude_mechanism": ["CRAM-MD5", "LOGIN"]}
    async with post(**options) as box, house(mail(box, f"require_tls: false, {login}")) as room:
        assert await room.tell(alert())
        assert (box.identities, box.logins) == (["ops"], [("watch", "hush")])


async def test_a_login_by_cram_md5_proves_the_secret_without_sending_it(house: Open, post: Post) -> None:
    login = "auth_username: watch, auth_password: not-this, auth_secret: hush"
    async with (
        post(login=True, auth_require_tls=False) as box,
        house(mail(box, f"require_tls: false, {login}")) as room,
    ):
        assert await room.tell(alert())
        assert len(box.mails) == 1
        [(user, digest)] = box.logins
        assert (user, len(digest)) == ("watch", 32)


async def test_a_wrong_secret_for_cram_md5_is_refused(house: Open, post: Post) -> None:
    login = "auth_username: watch, auth_secret: HUSH"
    async with (
        post(login=True, auth_require_tls=False) as box,
        house(mail(box, f"require_tls: false, {login}")) as room,
    ):
        assert not await room.tell(alert())
        assert (len(box.logins), box.mails) == (1, [])


async def test_tls_from_the_first_byte(house: Open, post: Post, tls: tuple[ssl.SSLContext, Path]) -> None:
    context, authority = tls
    more = f"tls_config: {{ca_file: {authority}}}, force_implicit_tls: true"
    async with post(ssl_context=context) as box, house(mail(box, more)) as room:
        assert await room.tell(alert())
        assert len(box.mails) == 1


async def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(house: Open, post: Post) -> None:
    async with post() as box, house(mail(box)) as room:
        box.refusal = "554 no"
        assert not await room.tell(alert())
        assert room.clock.waits == []
        box.refusal = "451 later"
        assert not await room.tell(alert())
        assert len(room.clock.waits) > 2


async def test_mails_about_a_group_answer_the_same_mail_each_day(house: Open, post: Post) -> None:
    more = "require_tls: false, threading: {enabled: true}"
    async with post() as box, house(mail(box, more)) as room:
        await room.tell(alert())
        await room.tell(alert(ended=True))
        first, second = box.mails
        assert first["References"] == second["In-Reply-To"]
        assert first["References"].endswith("-2025-11-21@alertmanager>")
        assert first["Message-Id"] != second["Message-Id"]
