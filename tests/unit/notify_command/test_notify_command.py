"""`watchkeeper notify test`, against a server on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli import main


@dataclass
class Hooks:
    """A server that takes what is posted to it, except to `/refused`."""

    url: str = ""
    bodies: list[Any] = field(default_factory=list)


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    taken = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            refused = self.path.startswith("/refused")
            if not refused:
                taken.bodies.append(body)
            self.send_response(403 if refused else 200)
            self.send_header("Content-Length", "0" if not refused else "8")
            self.end_headers()
            self.wfile.write(b"who, you" if refused else b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield taken
    server.shutdown()
    thread.join()
    server.server_close()


def run(folder: Path, config: str, receiver: str) -> Result:
    named = re.search(r"name: *(\w+)", config)
    route = f"\nroute: {{receiver: {named[1]}}}\n" if named is not None else "\nroute: {receiver: day}\n"
    (folder / "watchkeeper.yml").write_text(config + route)
    command = ["notify", "test", "--config", str(folder / "watchkeeper.yml"), receiver]
    return CliRunner().invoke(main, command)


def test_every_integration_is_told_and_has_a_line(hooks: Hooks, tmp_path: Path) -> None:
    config = f"receivers: [{{name: team, webhook_configs: [{{url: '{hooks.url}/a'}}, {{url: '{hooks.url}/b'}}]}}]"
    result = run(tmp_path, config, "team")
    assert result.exit_code == 0
    lines = [re.sub(r"\d+\.\d{3}s", "0.001s", line) for line in result.output.splitlines()]
    assert lines == [f"webhook[{i}]: sent in 0.001s, 200 OK" for i in range(2)]
    assert [(body["receiver"], body["status"]) for body in hooks.bodies] == [("team", "firing")] * 2
    assert hooks.bodies[0]["commonAnnotations"]["summary"] == "This is a test notification: nothing is wrong."


def test_what_was_answered_is_printed_without_the_secret_in_the_address(hooks: Hooks, tmp_path: Path) -> None:
    urls = f"{{url: '{hooks.url}/refused/HUSH'}}, {{url: '{hooks.url}/b'}}"
    result = run(tmp_path, f"receivers: [{{name: team, webhook_configs: [{urls}]}}]", "team")
    assert result.exit_code == 1
    refused, sent = result.output.splitlines()
    assert refused.startswith("webhook[0]: not sent after ")
    assert refused.endswith(f"s: POST {hooks.url}/…: status 403 Forbidden: who, you")
    assert sent.startswith("webhook[1]: sent in ")


def test_a_wrong_template_is_named_though_something_goes_out(hooks: Hooks, tmp_path: Path) -> None:
    config = f"receivers: [{{name: team, discord_configs: [{{webhook_url: '{hooks.url}', title: '{{{{ .Nope }}}}'}}]}}]"
    result = run(tmp_path, config, "team")
    first, second = result.output.splitlines()
    assert result.exit_code == 0
    assert first.startswith("discord[0]: sent in ")
    assert "can't evaluate field Nope" in second


def test_an_unknown_receiver_ends_with_2_and_the_known_ones(tmp_path: Path) -> None:
    result = run(tmp_path, "receivers: [{name: day}, {name: night}]", "nigth")
    assert result.exit_code == 2
    assert result.stderr == 'there is no receiver "nigth": the configuration has day, night\n'


def test_a_configuration_that_does_not_load_ends_with_2(tmp_path: Path) -> None:
    result = run(tmp_path, "receivers: [{nam: day}]", "day")
    assert result.exit_code == 2
    assert 'unknown key "nam"' in result.stderr


def test_an_error_that_nobody_foresaw_is_a_line_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("HUSH")

    monkeypatch.setattr("watchkeeper.notify.transports.webhook.payload", broken)
    result = run(tmp_path, "receivers: [{name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]", "team")
    assert result.exit_code == 1
    assert re.fullmatch(
        r"webhook\[0\]: not sent after [0-9.]+s: unforeseen: RuntimeError at test_notify_command.py:\d+\n",
        result.output,
    )
