"""Mails from us beside mails from the real Alertmanager: one SMTP server takes both."""

from __future__ import annotations

import email
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from prometheus_client import CollectorRegistry

from journals import open_journal
from watchkeeper.access import Signer
from watchkeeper.app.configuration import load_text
from watchkeeper.base.clock import SystemClock
from watchkeeper.notify import Notify
from watchkeeper.store.control import ControlDatabase

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]

from alertmanager_process import ALERTMANAGER, alertmanager  # noqa: E402
from notify_flushes import PATIENCE_S, alerts, flush_of, post, until_quiet  # noqa: E402
from notify_receivers import recording  # noqa: E402

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(ALERTMANAGER).exists(), reason=f"{ALERTMANAGER}: `make peers` unpacks it"),
]

CONFIG = """
global: {smtp_smarthost: "127.0.0.1:@PORT@", smtp_from: "Watch <watch@example.org>", smtp_require_tls: false,
         smtp_hello: watch.example.org, smtp_auth_username: watch, smtp_auth_password: hush}
route: {receiver: "the.team", group_by: [alertname, team], group_wait: 500ms, group_interval: 1s, repeat_interval: 4h}
receivers:
- name: the.team
  webhook_configs: [{url: "@URL@/probe"}]
  email_configs:
"""
DEFAULTS = """
  - {to: alice@example.org, send_resolved: true}
"""
EVERYTHING = """
  - to: "alice@example.org, Bob <bob@example.org>"
    send_resolved: true
    text: "{{ .Status }} é {{ range .Alerts }}{{ .Labels.instance }} {{ .Annotations.summary }}\\n{{ end }}. end"
    html: "<p>{{ .CommonAnnotations.summary }}</p><a href='?a={{ .CommonAnnotations.summary }}'>é</a>"
    headers: {subject: "S {{ .Status }} {{ .CommonAnnotations.long }}", x-team-name: "é {{ .GroupLabels.team }}",
              Reply-To: c@example.org, To: list@example.org}
    threading: {enabled: true, thread_by_date: daily}
  - {to: bob@example.org, from: other@example.org, html: "", text: "only {{ .Status }}", send_resolved: true,
     threading: {enabled: true, thread_by_date: none}}
"""


@dataclass(frozen=True)
class Mail:
    """One mail as it came: from whom and to whom the envelope says, who said hello and logged in, and the mail."""

    sender: str
    recipients: list[str]
    hello: str
    login: tuple[bytes, bytes] | None
    mail: EmailMessage

    def headers(self) -> dict[str, str]:
        """All but those that no two mails share; Alertmanager leaves white space at an end."""
        kept = {
            name: str(value).strip() for name, value in self.mail.items() if name.lower() not in ("date", "message-id")
        }
        kept["Content-Type"] = self.mail.get_content_type()
        return kept

    def parts(self) -> list[tuple[str, str, str]]:
        """Type, encoding and text of each part."""
        parts = [part for part in self.mail.iter_parts() if isinstance(part, EmailMessage)]
        return [
            (part["Content-Type"].lower(), part["Content-Transfer-Encoding"], part.get_content().replace("\r\n", "\n"))
            for part in parts
        ]


@dataclass
class Mailbox:
    """Takes every mail, with a login or without."""

    mails: list[Mail] = field(default_factory=list)
    login: tuple[bytes, bytes] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=default)  # type: ignore[arg-type]
        hello = str(session.host_name)
        self.mails.append(Mail(str(envelope.mail_from), list(envelope.rcpt_tos), hello, self.login, mail))
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword):
            self.login = (data.login, data.password)
        return AuthResult(success=True)

    def take(self, count: int) -> list[Mail]:
        """The mails that came, once they are so many."""
        until = time.monotonic() + PATIENCE_S
        while len(self.mails) < count and time.monotonic() < until:
            time.sleep(0.05)
        taken, self.mails = self.mails, []
        assert len(taken) == count
        return sorted(taken, key=lambda mail: mail.sender)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        authenticator=box.authenticate,
        auth_require_tls=False,
        # Its prompts for LOGIN are not those that Alertmanager knows.
        auth_exclude_mechanism=["LOGIN"],
    )
    server.start()
    yield box, port
    server.stop()


class Facts(HTMLParser):
    """What a page tells its reader: its words, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._unseen = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in ("style", "title")
        self.links += [str(value) for name, value in attrs if (tag, name) == ("a", "href")]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words += data.split()

    def facts(self) -> list[str]:
        """What it says of the alerts: their labels and annotations, less what stands around them."""
        first = self.words.index("alertname")
        last = len(self.words) - self.words[::-1].index("Source")
        return [word for word in self.words[first:last] if word not in ("=", "Labels", "Annotations")]


@pytest.mark.parametrize("text", [DEFAULTS, EVERYTHING], ids=["defaults", "everything set"])
async def test_a_mail_from_us_is_the_mail_from_alertmanager(
    text: str, tmp_path: Path, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    config, count = CONFIG.replace("@PORT@", str(port)) + text, text.count("to:")
    control, notify = ControlDatabase.at("sqlite://"), None
    journal = await open_journal(control)
    with recording() as recorded:
        theirs_url, ours_url = f"{recorded.url}/theirs", f"{recorded.url}/ours"
        with alertmanager(tmp_path, config.replace("@URL@", theirs_url)) as url:
            began = time.time() - 0.3
            for resolved in (False, True):
                post(url, alerts(began, resolved=resolved))
                flush, external_url = flush_of(until_quiet(recorded, "theirs", 1))
                theirs = box.take(count)
                if notify is None:
                    registry = CollectorRegistry()
                    notify = Notify(
                        control,
                        journal,
                        SystemClock(),
                        registry,
                        Signer(SystemClock(), b"k"),
                        external_url=external_url,
                    )
                    await notify.open()
                    ours = load_text(config.replace("@URL@", ours_url), "alertmanager.yml", {})
                    await notify.apply(notify.prepare(ours.notify))
                assert await notify.notify(flush)
                for got, expected in zip(box.take(count), theirs, strict=True):
                    assert_same(got, expected, own_html=text == EVERYTHING)
    assert notify is not None
    await notify.close()
    await journal.close()
    await control.close()


def assert_same(got: Mail, expected: Mail, *, own_html: bool) -> None:
    assert (got.sender, got.recipients, got.hello, got.login) == (
        expected.sender,
        expected.recipients,
        expected.hello,
        expected.login,
    )
    assert got.headers() == expected.headers()
    assert {"Date", "Message-Id"} <= set(got.mail.keys())
    if own_html:
        assert got.parts() == expected.parts()
        return
    # The page is of our own design: what it tells is compared, and where it leads.
    [(*got_kind, got_page)], [(*expected_kind, expected_page)] = got.parts(), expected.parts()
    assert got_kind == expected_kind
    ours, theirs = Facts(got_page), Facts(expected_page)
    assert ours.links == theirs.links
    assert ours.facts() == theirs.facts()
