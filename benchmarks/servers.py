"""The servers under measurement: started on loopback with fresh data, watched by their CPU, memory and disk."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Server:
    """One running server; figures include its child processes."""

    name: str
    version: str
    url: str
    write_url: str
    data: Path
    command: list[str]
    process: psutil.Process

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        return sum(p.cpu_times().user + p.cpu_times().system for p in self._all())

    def rss_mib(self) -> float:
        return sum(p.memory_info().rss for p in self._all()) / 2**20

    def disk_bytes(self) -> int:
        return sum(f.stat().st_size for f in self.data.rglob("*") if f.is_file())

    def stop(self) -> None:
        self.process.terminate()
        with contextlib.suppress(psutil.TimeoutExpired):
            self.process.wait(30)
        if self.process.is_running():
            self.process.kill()

    def restart(self) -> float:
        """Stop, start on the same data, and say how many seconds it took to be ready."""
        self.stop()
        began = time.monotonic()
        self.process = _spawn(self.command)
        _until_ready(self.url, self.process)
        return time.monotonic() - began


def _spawn(command: list[str]) -> psutil.Process:
    log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the server
    return psutil.Process(subprocess.Popen(command, stdout=log, stderr=log).pid)


def _until_ready(url: str, process: psutil.Process) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            if answer.status == 200:
                return
        if process.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.02)
    raise RuntimeError(f"{url} never became ready")


def _version(program: str) -> str:
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = (run.stdout + run.stderr).replace("victoria-metrics-", "version ").split()
    return words[words.index("version") + 1].rstrip(",") if "version" in words else "?"


def _commands(data: Path, port: int, config: Path) -> dict[str, tuple[list[str], str, str]]:
    at = f"127.0.0.1:{port}"
    program = str(Path(sys.executable).parent / "watchkeeper")
    ours = [program, "serve", "--config", str(config), "--data", str(data), "--listen", at, "--no-host"]
    prometheus = [
        "prometheus", f"--config.file={config}", f"--web.listen-address={at}", f"--storage.tsdb.path={data}",
        "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--query.max-samples=500000000",
    ]  # fmt: skip
    victoria = [
        "victoria-metrics", f"-storageDataPath={data}", f"-httpListenAddr={at}", "-retentionPeriod=100y",
        "-search.latencyOffset=0s", "-search.disableCache", "-search.maxUniqueTimeseries=2000000",
        "-search.maxPointsPerTimeseries=100000", "-search.maxQueryDuration=120s",
    ]  # fmt: skip
    return {
        "watchkeeper": (ours, "/-/ready", "/api/v1/write"),
        "prometheus": (prometheus, "/-/ready", "/api/v1/write"),
        "victoria-metrics": (victoria, "/health", "/api/v1/write"),
    }


EMPTY_CONFIG = (
    "global: {scrape_interval: 1h, evaluation_interval: 1h}\nstorage: {tsdb: {out_of_order_time_window: 1h}}\n"
)


@contextlib.contextmanager
def running(name: str, config: str = EMPTY_CONFIG) -> Iterator[Server]:
    """A fresh server by name; its data go when it ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    file = folder / "config.yml"
    file.write_text(config)
    port = free_port()
    command, ready, write = _commands(folder / "data", port, file)[name]
    base = f"http://127.0.0.1:{port}"
    server = Server(name, _version(command[0]), base + ready, base + write, folder / "data", command, _spawn(command))
    try:
        _until_ready(server.url, server.process)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def available() -> list[str]:
    """Us, and those peers that are there."""
    peers = [name for name in ("prometheus", "victoria-metrics") if shutil.which(name)]
    return ["watchkeeper", *peers]
