"""Starting, reading the configuration again, and stopping; every behaviour through the real command."""

from __future__ import annotations

import base64
import json
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import pytest
import trustme

from watchkeeper_server import PROGRAM, Server, ask, free_port, run, until, watchkeeper

GOOD = "global: {scrape_interval: 1h}\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose configuration tests may change, started as a Compose file for Prometheus starts one."""
    folder = tmp_path_factory.mktemp("own")
    compose = ("--web.console.libraries=/etc/prometheus/console_libraries", "--log.format=json")
    compose += ("--web.console.templates=/etc/prometheus/consoles", f"--storage.tsdb.path={folder / 'data'}")
    further = f"--web.listen-address=127.0.0.1:{free_port()}"
    with watchkeeper(folder, GOOD, *compose, further, "--web.enable-lifecycle") as server:
        yield server
        assert server.ask("/-/quit", "POST").text == "Requesting termination... Goodbye!"
        assert server.process.wait(timeout=60) == 0


@pytest.fixture
def configuration(own: Server) -> Iterator[Path]:
    """Its file, which is good again afterwards."""
    path = own.folder / "prometheus.yml"
    yield path
    path.write_text(GOOD)
    assert own.ask("/-/reload", "POST").status == 200


def test_prometheus_command_lines_start_us_on_every_address_and_say_what_has_no_effect(own: Server) -> None:
    lines = [json.loads(line) for line in own.log().splitlines()]
    said = [line["msg"] for line in lines]
    assert "--web.console.templates changes nothing here" in said
    assert f"ready: open {own.url}" in said
    second = own.flags[-2].partition("=")[2]
    assert ask(f"http://{second}/-/ready").status == 200


def test_flags_are_shown_by_prometheus_names(own: Server) -> None:
    flags = own.get("/api/v1/status/flags").data
    assert flags["storage.tsdb.path"] == str(own.folder / "data")
    assert flags["query.timeout"] == "2m"
    assert flags["query.lookback-delta"] == "5m"
    assert flags["web.enable-lifecycle"] == "true"
    assert flags["config.file"] == str(own.folder / "prometheus.yml")


def test_a_bad_file_changes_nothing_and_every_problem_is_told(own: Server, configuration: Path) -> None:
    before = own.get("/api/v1/status/config").data
    configuration.write_text("global: {scrape_interval: soon}\nscrape_configs: [{job_nam: x}]\nrecievers: []\n")
    answer = own.ask("/-/reload", "POST")
    assert answer.status == 500
    assert answer.text.startswith("failed to reload config: ")
    for problem in ("prometheus.yml:1:", "prometheus.yml:2:", 'prometheus.yml:3:1: unknown key "recievers"'):
        assert problem in answer.text
    assert own.get("/api/v1/status/config").data == before
    assert "watchkeeper_config_last_reload_successful 0.0" in own.ask("/metrics").text
    assert own.get("/api/v1/status/runtimeinfo").data["reloadConfigSuccess"] is False
    notices = own.get("/api/v1/notifications").data
    assert [(notice["text"], notice["active"]) for notice in notices] == [("Configuration reload has failed.", True)]


def test_listeners_hear_of_a_failed_reload_and_of_its_end(own: Server, configuration: Path) -> None:
    with urllib.request.urlopen(f"{own.url}/api/v1/notifications/live", timeout=20) as events:
        assert events.headers["content-type"] == "text/event-stream"
        configuration.write_text("nonsense: 1\n")
        assert own.ask("/-/reload", "POST").status == 500
        configuration.write_text(GOOD)
        assert own.ask("/-/reload", "POST").status == 200
        told = []
        while len(told) < 2:
            line = events.readline()
            if line.startswith(b"data: "):
                told.append(json.loads(line[6:])["active"])
    assert told == [True, False]


def test_the_hangup_signal_reads_the_configuration_again(own: Server, configuration: Path) -> None:
    configuration.write_text("global: {scrape_interval: 2h}\nquery: {max_concurrency: 7}\n")
    own.signal(signal.SIGHUP)
    until(lambda: "scrape_interval: 2h" in own.get("/api/v1/status/config").data["yaml"])
    assert "watchkeeper_queries_concurrent_max 7.0" in own.ask("/metrics").text
    assert own.get("/api/v1/query", query="1").status == 200


def test_tls_passwords_and_headers_come_from_the_web_configuration_and_nothing_else_is_enabled(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(
        f"tls_server_config: {{cert_file: cert.pem, key_file: key.pem}}\n"
        f"basic_auth_users: {{alice: {hashed}}}\n"
        "http_server_config: {headers: {X-Frame-Options: deny}}\n"
    )
    (tmp_path / "prometheus.yml").write_text(GOOD)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    handlers = urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({})
    opener = urllib.request.build_opener(*handlers)
    with _secured(tmp_path) as url:

        def status(user: str, path: str = "/-/healthy", method: str = "GET", origin: str = "") -> int:
            headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
            headers |= {"Origin": origin} if origin else {}
            try:
                request = urllib.request.Request(url + path, headers=headers, method=method)
                with opener.open(request, timeout=30) as answer:
                    assert answer.headers["x-frame-options"] == "deny"
                    assert answer.headers["access-control-allow-origin"] == (origin or None)
                    return int(answer.status)
            except urllib.error.HTTPError as refusal:
                return refusal.code

        assert status("alice:secret") == 200
        assert status("alice:wrong") == 401
        assert status("bob:secret") == 401
        calendar = "/api/watchkeeper/v1/schedules/primary.ics"
        assert status("bob:secret", calendar) == 401
        assert status("bob:secret", f"{calendar}?token=forged") == 403  # a token of ours is its own password
        assert status("bob:secret", "/api/watchkeeper/v1/schedules/primary?token=forged") == 401
        (tmp_path / "web.yml").write_text("basic_auth_users: {alice: not a hash}\n")
        assert status("alice:secret") == 200  # the last good file stays in force
        assert status("alice:secret", "/-/reload", "POST") == 403
        assert status("alice:secret", "/-/quit", "POST") == 403
        assert status("alice:secret", "/api/v1/admin/tsdb/clean_tombstones", "POST") == 503
        assert status("alice:secret", "/-/healthy", origin="http://a.test") == 200
        assert status("alice:secret", "/-/healthy", origin="http://a.test.evil") == 403


@contextmanager
def _secured(folder: Path) -> Iterator[str]:
    """A server behind TLS, which plain readiness requests cannot ask; neither lifecycle nor admin API is enabled."""
    port = free_port()
    command = [str(PROGRAM), "serve", f"--config={folder / 'prometheus.yml'}", "--no-host"]
    command += [f"--data={folder / 'data'}", f"--listen=127.0.0.1:{port}", f"--web.config.file={folder / 'web.yml'}"]
    command += ["--web.cors.origin=https?://(a|b)[.]test", "--otlp.http.listen=", "--otlp.grpc.listen="]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: "ready: open" in (folder / "log").read_text(), 120)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_an_unknown_flag_is_a_usage_error() -> None:
    ended = run("serve", "--web.listen-adress=:9")
    assert ended.returncode == 2
    assert "No such option" in ended.stderr
    assert "--web.listen-address" in ended.stderr


def test_a_wrong_address_is_a_usage_error_that_shows_a_right_one() -> None:
    ended = run("serve", "--listen=here")
    assert ended.returncode == 2
    assert "HOST:PORT would be right, such as 127.0.0.1:9800" in ended.stderr


def test_a_taken_port_is_said_before_anything_else_is_done() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("serve", f"--listen={address}", "--data=/nonexistent/never/made")
    assert ended.returncode == 1
    assert f"watchkeeper: cannot listen on {address}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unreadable_configuration_is_named(tmp_path: Path) -> None:
    ended = run("serve", f"--config={tmp_path / 'nope.yml'}", f"--data={tmp_path}", "--listen=127.0.0.1:0")
    assert ended.returncode == 1
    assert "nope.yml" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_configuration_is_found_by_check_with_all_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text("global: {scrape_interval: soon}\nscrape_configs: [{job_nam: x}]\nrecievers: []\n")
    checked = run("check", "config", str(path))
    assert checked.returncode == 1
    assert [f"wrong.yml:{line}:" in checked.stderr for line in (1, 2, 3)] == [True, True, True]


def test_a_wrong_web_configuration_stops_the_start_and_is_found_by_check(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text("basic_auth_users: {alice: plain}\ntls_server_confg: {}\n")
    serve = ("serve", f"--web.config.file={path}", f"--data={tmp_path}", f"--listen=127.0.0.1:{free_port()}")
    for command in (serve, ("check", "web-config", str(path))):
        ended = run(*command)
        assert ended.returncode == 1
        assert 'the password of user "alice" is not a bcrypt hash' in ended.stderr
        assert 'unknown key "tls_server_confg"' in ended.stderr
        assert "Traceback" not in ended.stderr
    path.write_text("http_server_config: {http2: false}\n")
    assert run("check", "web-config", str(path)).returncode == 0


def test_help_comes_without_loading_a_room() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from watchkeeper.cli import main; "
        "out = CliRunner().invoke(main, ['--help']); assert 'serve' in out.output; "
        "print([name for name in ('numba', 'chdb', 'starlette', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
