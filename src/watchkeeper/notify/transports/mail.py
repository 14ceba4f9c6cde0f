"""A message → a mail (RFC 5322, and MIME where there is HTML)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email import policy
from email.charset import QP, Charset
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from watchkeeper.notify.config.email import EmailConfig
from watchkeeper.notify.message import Message

SUBJECT = '{{ template "email.default.subject" . }}'
_KEY_LENGTH = 16


def compose(config: EmailConfig, message: Message, at: datetime, message_id: str) -> bytes:
    """The whole mail, sent at the instant `at`; `message_id` is its name, where `headers` give it no other."""
    mail = MIMEMultipart("alternative", policy=policy.SMTP.clone(utf8=False))
    del mail["MIME-Version"]
    for name, value in headers(config, message, at, message_id).items():
        mail[name] = value
    mail["MIME-Version"] = "1.0"
    charset = Charset("utf-8")
    charset.body_encoding = QP
    if config.text:
        mail.attach(MIMEText(message.rendering.prose(config.text), "plain", charset))  # pyright: ignore[reportArgumentType]  # a Charset is taken
    if config.html:
        mail.attach(MIMEText(message.rendering.html(config.html), "html", charset))  # pyright: ignore[reportArgumentType]  # a Charset is taken
    return mail.as_bytes()


def headers(config: EmailConfig, message: Message, at: datetime, message_id: str) -> Mapping[str, str]:
    """The mail's headers: the user's, and those without which it would be none."""
    text = message.rendering
    own = {_canonical(name): text.prose(value) for name, value in config.headers.items()}
    standard = {
        "Subject": text.prose(SUBJECT) if "Subject" not in own else "",
        "To": text.text(config.to),
        "From": text.text(config.from_),
        "Message-Id": message_id,
        "Date": format_datetime(at),
    }
    if config.threading.enabled:
        root = thread_root(config, message, at)
        standard |= {"References": root, "In-Reply-To": root}
    return {name: " ".join(value.split()) for name, value in {**standard, **own}.items()}


def thread_root(config: EmailConfig, message: Message, at: datetime) -> str:
    """The name of a mail that was never sent, which all mails about the group (of one day) answer."""
    day = at.astimezone(UTC).strftime("%Y-%m-%d") if config.threading.thread_by_date == "daily" else ""
    return f"<alert-{message.key[:_KEY_LENGTH]}-{day}@alertmanager>"


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
