"""The real Prometheus on a free loopback port, for as long as a block lasts."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

PROMETHEUS = shutil.which("prometheus") or "prometheus is missing"
PROMTOOL = shutil.which("promtool") or "promtool is missing"
PATIENCE_S = 60.0


def version(program: str) -> str:
    """The version that a test names."""
    out = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30)
    return (out.stdout or out.stderr).split("\n")[0]


@contextmanager
def prometheus(folder: Path, config: dict[str, Any], *flags: str) -> Iterator[str]:
    """The URL of a Prometheus with this configuration and further flags; its data lie in `folder`."""
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [PROMETHEUS, f"--config.file={path}", f"--web.listen-address={address}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", "--log.level=warn", *flags]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://{address}"
        _wait_until_ready(url, process, folder)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def get(url: str) -> Any:
    """The data of an API's answer."""
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)["data"]


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=1)
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((folder / "prometheus.log").read_text())
