"""The real Alertmanager and Watchkeeper with the same configuration: told the same, and listened to by webhook."""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "e2e"), str(Path(__file__).parents[1] / "e2e" / "bad_days")]

from alertmanager_process import ALERTMANAGER, alertmanager  # noqa: E402
from watchkeeper_process import Watchkeeper, until  # noqa: E402

__all__ = ["ALERTMANAGER", "Answer", "Listener", "Pair", "Side", "both", "listener", "needs_alertmanager", "normal"]

NEVER = "0001-01-01T00:00:00Z"
needs_alertmanager = [
    pytest.mark.peer,
    pytest.mark.skipif(
        not Path(ALERTMANAGER).exists(), reason="prometheus-alertmanager is missing: `make peers` unpacks it"
    ),
]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is decoded JSON, None where there is none."""

    status: int
    body: Any


class Listener:
    """A webhook for every path; the first requests to a path below `/refusing/` are answered with 400."""

    def __init__(self) -> None:
        self.told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.when: dict[str, list[float]] = defaultdict(list)
        self.refusals = 1
        self.port = 0

    def status(self, path: str, payload: dict[str, Any]) -> int:
        self.told[path].append(payload)
        self.when[path].append(time.monotonic())
        return 400 if path.startswith("/refusing/") and len(self.told[path]) <= self.refusals else 200


@contextmanager
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(heard.status(self.path, payload))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 1024

    server = Server(("127.0.0.1", 0), Handler)
    heard.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()


@dataclass
class Side:
    """One of the two, and what it told."""

    name: str
    url: str
    heard: Listener
    ids: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: object = None, media: str = "application/json", accept: str = "*/*"
    ) -> Answer:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Accept": accept, **({"Content-Type": media} if data is not None else {})}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, _decoded(answer.read()))
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, _decoded(refused.read()))

    def post(self, alerts: Sequence[dict[str, Any]]) -> None:
        answer = self.ask("POST", "/api/v2/alerts", alerts)
        assert answer.status == 200, answer

    def take(self, alerts: Sequence[dict[str, Any]], path: str = "") -> None:
        """Post alerts and wait until they have been looked at, and told where a `path` of a webhook is given.

        With a short `group_interval`: a busy Alertmanager looks at a new group before it has its first alert.
        """
        self.post(alerts)
        # An old alert is told at once: whether the others are told with it is a matter of moments.
        until(lambda: not path or self.heard.told[path], f"what {self.name} tells")
        until(lambda: "unprocessed" not in str(self.ask("GET", "/api/v2/alerts").body), "a look at the alerts")


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else None
    except ValueError:
        return body.decode()


class Pair(AbstractContextManager["Pair"]):
    """Alertmanager and Watchkeeper with one configuration and flags, where PORT stands for the webhooks' port.

    Both can be reloaded and restarted; each keeps its data, Watchkeeper its address, too.
    """

    def __init__(self, folder: Path, config: str, *flags: str) -> None:
        self._folder = folder
        self._flags = flags
        self._config = config
        self._stack, self._running = ExitStack(), ExitStack()

    def __enter__(self) -> Pair:
        heard = [self._stack.enter_context(listener()) for _ in range(2)]
        self.theirs, self.ours = Side("Alertmanager", "", heard[0]), Side("Watchkeeper", "", heard[1])
        for side in self:
            self._path(side).parent.mkdir()
            self._write(side)
        own = self._path(self.ours)
        self._server = Watchkeeper(own.parent, "--web.enable-lifecycle", *self._flags, config=own)
        self.ours.url = self._server.url
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        self._stack.close()

    def __iter__(self) -> Iterator[Side]:
        return iter((self.theirs, self.ours))

    def start(self) -> None:
        """Start both; returned when they are ready."""
        self._running.enter_context(self._server)
        path = self._path(self.theirs)
        self.theirs.url = self._running.enter_context(alertmanager(path.parent, path.read_text(), *self._flags))

    def stop(self) -> None:
        """End both as a service is ended."""
        self._running.close()

    def reload(self, side: Side, config: str) -> None:
        """Let one of them live by another configuration."""
        self._config = config
        self._write(side)
        answer = side.ask("POST", "/-/reload")
        assert answer.status == 200, answer

    def _path(self, side: Side) -> Path:
        return self._folder / ("ours" if side is self.ours else "theirs") / "alertmanager.yml"

    def _write(self, side: Side) -> None:
        self._path(side).write_text(self._config.replace("PORT", str(side.heard.port)))


@contextmanager
def both(folder: Path, config: str, *flags: str) -> Iterator[tuple[Side, Side]]:
    """The two sides of a pair."""
    with Pair(folder, config, *flags) as pair:
        yield pair.theirs, pair.ours


def normal(payload: dict[str, Any]) -> dict[str, Any]:
    """A notification without what must differ: whose URL it shows, and times that the server chose."""
    shown = {key: value for key, value in payload.items() if key != "externalURL"}
    shown["alerts"] = [_alert(alert) for alert in payload["alerts"]]
    return shown


def _alert(alert: dict[str, Any]) -> dict[str, Any]:
    given = alert["labels"].get("times") == "given"
    ended = "never" if alert["endsAt"] == NEVER else "once"
    return {**alert, "startsAt": alert["startsAt"] if given else "", "endsAt": alert["endsAt"] if given else ended}
