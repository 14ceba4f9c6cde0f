"""The real `watchkeeper serve` on a free loopback port, for as long as a block lasts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

PROGRAM = Path(sys.executable).with_name("watchkeeper")
PATIENCE_S = 120.0
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def data(self) -> Any:
        """The data in the envelope of a success."""
        assert self.status == 200, self.body[:2000]
        return self.json["data"]


@dataclass
class Server:
    """A running server: where it is, and its process."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path
    flags: tuple[str, ...] = field(default=())

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request; header names have underscores for dashes."""
        return ask(f"{self.url}{path}", method, body, **headers)

    def get(self, path: str, **params: Any) -> Answer:
        """A GET with parameters; trailing underscores of their names stand for `[]`."""
        named = {name.replace("_matchers", "[]"): value for name, value in params.items()}
        return self.ask(f"{path}?{urlencode(named, doseq=True)}")

    def log(self) -> str:
        return (self.folder / "watchkeeper.log").read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method=method)
    try:
        with _OPENER.open(request, timeout=30) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.headers, refusal.read())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def watchkeeper(folder: Path, config: str, *flags: str, path: str = "") -> Iterator[Server]:
    """A server with this configuration and further flags; its data lie in `folder`, its paths below `path`."""
    (folder / "prometheus.yml").write_text(config)
    port = free_port()
    command = [str(PROGRAM), "serve", f"--config={folder / 'prometheus.yml'}", f"--data={folder / 'data'}"]
    # OTLP's own ports are the machine's, not the test's.
    command += [f"--listen=127.0.0.1:{port}", "--no-host", "--otlp.http.listen=", "--otlp.grpc.listen=", *flags]
    with (folder / "watchkeeper.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment())
    server = Server(f"http://127.0.0.1:{port}{path}", process, folder, tuple(flags))
    try:
        wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")}


def run(*arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [str(PROGRAM), *arguments], capture_output=True, text=True, timeout=timeout_s, env=_environment(), check=False
    )


def wait_until_ready(server: Server) -> None:
    def is_ready() -> bool:
        assert server.process.poll() is None, server.log()
        with suppress(OSError):
            return server.ask("/-/ready").status == 200
        return False

    until(is_ready, "readiness")


def until(happened: Callable[[], T], what: str = "what was waited for", patience_s: float = PATIENCE_S) -> T:
    """The first true answer of `happened`."""
    deadline = time.monotonic() + patience_s
    while not (found := happened()):
        assert time.monotonic() < deadline, f"{what} did not come within {patience_s:g} s"
        time.sleep(0.05)
    return found
