"""How a command finds the server of a data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper.app.settings import Address, Settings
from watchkeeper.app.urls import local_url
from watchkeeper.app.whereabouts import announced, server_of


def test_a_folder_names_its_server_while_that_runs(tmp_path: Path) -> None:
    assert server_of(tmp_path) == ""
    with announced(tmp_path, "http://127.0.0.1:9800"):
        assert server_of(tmp_path) == "http://127.0.0.1:9800"
    assert server_of(tmp_path) == ""


def test_the_first_of_two_servers_stays_named(tmp_path: Path) -> None:
    with announced(tmp_path, "http://127.0.0.1:1"), announced(tmp_path, "http://127.0.0.1:2"):
        assert server_of(tmp_path) == "http://127.0.0.1:1"


def test_a_server_that_was_killed_is_named_no_more(tmp_path: Path) -> None:
    program = (
        "import sys, os, signal, pathlib\nfrom watchkeeper.app.whereabouts import announced\n"
        "with announced(pathlib.Path(sys.argv[1]), 'http://127.0.0.1:9'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "server.url").read_text() == "http://127.0.0.1:9\n"
    assert server_of(tmp_path) == ""


@pytest.mark.parametrize(
    ("listen", "tls", "url"),
    [
        ("127.0.0.1:9800", False, "http://127.0.0.1:9800/watch"),
        (":9800", True, "https://127.0.0.1:9800/watch"),
        ("[::]:9800", False, "http://[::1]:9800/watch"),
    ],
)
def test_the_way_from_this_machine_needs_no_name(listen: str, tls: bool, url: str) -> None:
    settings = Settings(listen=(Address.parse(listen),), external_url="https://watch.test/watch/")
    assert local_url(settings, tls=tls) == url
