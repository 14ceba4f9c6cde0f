"""The real Alertmanager on a free loopback port, for as long as a block lasts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ALERTMANAGER = shutil.which("prometheus-alertmanager") or "prometheus-alertmanager is missing"
PATIENCE_S = 60.0

_SHARED = Path("/usr/share/prometheus/alertmanager")
# Debian's build reads its templates from a fixed folder, which an unpacked package does not fill: it is mounted for
# this one process.
_WITH_TEMPLATES = (
    "mount -t tmpfs none /usr/share && mkdir -p /usr/share/prometheus && "
    'cp -r "$1" /usr/share/prometheus/ && shift && exec "$@"'
)


@contextmanager
def alertmanager(folder: Path, config: str, *flags: str) -> Iterator[str]:
    """The URL of an Alertmanager with this configuration and further flags; its data lie in `folder`."""
    (folder / "alertmanager.yml").write_text(config)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [ALERTMANAGER, f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address=", *flags]
    unpacked = Path(ALERTMANAGER).parents[1] / _SHARED.relative_to("/usr")
    if not _SHARED.exists() and unpacked.exists():
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", _WITH_TEMPLATES, "sh", str(unpacked), *command]
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://{address}", process, folder)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=1)
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((folder / "alertmanager.log").read_text())
