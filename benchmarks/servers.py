"""The servers under measurement: started on loopback with fresh data, watched by their CPU, memory and disk."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.figures import ALERTMANAGER, OURS, OURS_FOR_ALERTS, PROMETHEUS, VICTORIA


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Server:
    """One running server; figures include its child processes."""

    name: str
    url: str
    ready_url: str
    data: Path
    command: list[str]
    process: psutil.Process

    @property
    def log(self) -> Path:
        return self.data.with_name("log")

    @property
    def write_url(self) -> str:
        return self.url + "/api/v1/write"

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        return sum(p.cpu_times().user + p.cpu_times().system for p in self._all())

    def rss_mib(self) -> float:
        return sum(p.memory_info().rss for p in self._all()) / 2**20

    def disk_bytes(self) -> int:
        return sum(f.stat().st_size for f in self.data.rglob("*") if f.is_file())

    def settle(self, at_most_s: float = 30.0) -> None:
        """Return once it has hardly worked for two seconds, or after a while."""
        deadline, quiet = time.monotonic() + at_most_s, 0
        while quiet < 2 and time.monotonic() < deadline:
            before = self.cpu_s()
            time.sleep(1)
            quiet = quiet + 1 if self.cpu_s() - before < 0.1 else 0

    def counter(self, name: str) -> float:
        """The sum of a counter's series in its own /metrics."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + "{", name + " ")))

    def start(self) -> float:
        """Start on the data that are there, and say how many seconds it took to be ready."""
        began = time.monotonic()
        self.process = _spawn(self.command, self.log)
        _until_ready(self)
        return time.monotonic() - began

    def stop(self) -> None:
        if not self.process.is_running():
            return
        self.process.terminate()
        with contextlib.suppress(psutil.TimeoutExpired):
            self.process.wait(60)
        if self.process.is_running():
            self.process.kill()


def _spawn(command: list[str], log: Path) -> psutil.Process:
    with log.open("ab") as output:
        return psutil.Process(subprocess.Popen(command, stdout=output, stderr=output).pid)


def _until_ready(server: Server) -> None:
    url, process = server.ready_url, server.process
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            if answer.status == 200:
                return
        if process.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.02)
    raise RuntimeError(f"{url} never became ready:\n{server.log.read_text()[-2000:]}")


def _command(name: str, at: str, data: Path, config: Path) -> list[str]:
    if name in (OURS, OURS_FOR_ALERTS):
        program = str(Path(sys.executable).parent / "watchkeeper")
        role = "alerts" if name == OURS_FOR_ALERTS else "all"
        kept = ["--config", str(config), "--data", str(data), "--listen", at]
        return [program, "serve", "--role", role, *kept, "--no-host"]
    if name == PROMETHEUS:
        return [
            "prometheus", f"--config.file={config}", f"--web.listen-address={at}", f"--storage.tsdb.path={data}",
            "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--query.max-samples=500000000",
        ]  # fmt: skip
    if name == ALERTMANAGER:
        return [
            *_with_templates(), name, f"--config.file={config}", f"--web.listen-address={at}", f"--storage.path={data}",
            "--cluster.listen-address=",
        ]  # fmt: skip
    return [
        "victoria-metrics", f"-storageDataPath={data}", f"-httpListenAddr={at}", "-retentionPeriod=100y",
        f"-promscrape.config={config}", "-promscrape.config.strictParse=false",
        "-search.latencyOffset=0s", "-search.disableCache", "-search.maxUniqueTimeseries=2000000",
        "-search.maxPointsPerTimeseries=100000", "-search.maxQueryDuration=120s",
    ]  # fmt: skip


def _with_templates() -> list[str]:
    """Debian's Alertmanager reads its templates from a fixed folder: an unpacked one gets it mounted, for it alone."""
    fixed = Path("/usr/share/prometheus/alertmanager")
    unpacked = Path(shutil.which(ALERTMANAGER) or "").parents[1] / fixed.relative_to("/usr")
    if fixed.exists() or not unpacked.exists():
        return []
    mount = "mount -t tmpfs none /usr/share && mkdir -p /usr/share/prometheus && "
    copy = 'cp -r "$1" /usr/share/prometheus/ && shift && exec "$@"'
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount + copy, "sh", str(unpacked)]


EMPTY_CONFIG = (
    "global: {scrape_interval: 1h, evaluation_interval: 1h}\nstorage: {tsdb: {out_of_order_time_window: 1h}}\n"
)


@contextlib.contextmanager
def running(name: str, config: str = EMPTY_CONFIG, files: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A fresh server by name, its configuration beside `files`; its data go when it ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name.replace(' ', '')}-"))
    for file, text in {"config.yml": config, **(files or {})}.items():
        (folder / file).write_text(text)
    at = f"127.0.0.1:{free_port()}"
    data = folder / "data"
    command = _command(name, at, data, folder / "config.yml")
    ready = "/health" if name == VICTORIA else "/-/ready"
    process = _spawn(command, data.with_name("log"))
    server = Server(name, f"http://{at}", f"http://{at}{ready}", data, command, process)
    try:
        _until_ready(server)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def available(*peers: str) -> list[str]:
    """Us, and those of the peers (by default those that store samples) that are there."""
    return [OURS, *(name for name in peers or (PROMETHEUS, VICTORIA) if shutil.which(name))]


def versions() -> dict[str, str]:
    """What each server says it is."""
    there = available(PROMETHEUS, VICTORIA, ALERTMANAGER)
    programs = {name: shutil.which(name) or str(Path(sys.executable).parent / name) for name in there}
    return {name: _version(program) for name, program in programs.items()}


def _version(program: str) -> str:
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = (run.stdout + run.stderr).replace(",", " ").split()
    if "version" in words:
        return words[words.index("version") + 1]
    # Debian builds VictoriaMetrics without its version; the package's changelog tells it.
    changelog = Path(program).parent.parent / "share/doc" / Path(program).name / "changelog.Debian.gz"
    if not changelog.is_file():
        return "of unknown version"
    with gzip.open(changelog, "rt") as lines:
        return next(lines).partition("(")[2].partition(")")[0]
