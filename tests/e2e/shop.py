"""A shop that can break, and those who are told of it: doubles of Slack, PagerDuty and phones, a real mail server."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_LINK = re.compile(r"http://[\d.:]+(/ack/t/[\w.-]+)")
_SLACK_STATES = {"danger": "firing", "good": "resolved"}
_PAGERDUTY_STATES = {"trigger": "firing", "acknowledge": "acknowledged", "resolve": "resolved"}


@dataclass
class Shop:
    """Whether it is broken, and what each was told, in order: `firing`, `acknowledged` or `resolved`."""

    broken: bool = False
    told: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    links: list[str] = field(default_factory=list[str])
    port: int = 0
    smtp_port: int = 0

    def hear(self, who: str, body: dict[str, Any]) -> None:
        """Take what was posted to somebody."""
        if who == "slack":
            attachment = body["attachments"][0]
            state = _SLACK_STATES[attachment["color"]]
            self.links += _LINK.findall(attachment["text"])
        elif who == "pagerduty":
            state = _PAGERDUTY_STATES[body["event_action"]]
        else:
            state = body["status"]
        self.told.setdefault(who, []).append(state)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # aiosmtpd's
        """Take a mail."""
        mail = cast("EmailMessage", BytesParser(policy=default).parsebytes(cast("bytes", envelope.content)))
        self.told.setdefault("mail", []).append("firing" if "FIRING" in mail["Subject"] else "resolved")
        return "250 taken"


@contextmanager
def open_shop() -> Generator[Shop]:
    """One on ports of its own."""
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(f"shop_broken {int(shop.broken)}\n".encode(), "text/plain; version=0.0.4")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.hear(self.path.strip("/").split("/")[0].replace("v2", "pagerduty"), json.loads(body))
            self._answer(*((b"ok", "text/plain") if self.path == "/slack" else (b"{}", "application/json")))

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(202 if self.path.startswith("/v2") else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        shop.smtp_port = probe.getsockname()[1]
    shop.port = server.server_port
    mail = Controller(shop, hostname="127.0.0.1", port=shop.smtp_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mail.start()
    try:
        yield shop
    finally:
        mail.stop()
        server.shutdown()
        server.server_close()
