"""`watchkeeper serve` as a user runs it: a process on a free port, asked over HTTP, ended by its process id."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import urllib3

from watchkeeper_server import PATIENCE_S, PROGRAM, Answer, free_port, until

__all__ = ["PROGRAM", "Answer", "Watchkeeper", "free_port", "until"]


class Watchkeeper:
    """One server over one data folder, started as often as a test likes, always on the same port."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        config: Path | None = None,
        data: Path | None = None,
        command: Sequence[str] = (str(PROGRAM),),
        environ: dict[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = data or folder / "data"
        self.log_path = folder / f"watchkeeper-{self.port}.log"
        self._arguments = [*command, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        # OTLP's own ports are the machine's, not the test's.
        self._arguments += ["--no-host", "--otlp.http.listen", "", "--otlp.grpc.listen", ""]
        self._arguments += [*(["--config", str(config)] if config else []), *flags]
        self._environ = {**os.environ, **(environ or {})}
        self._http = urllib3.PoolManager(maxsize=32)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Watchkeeper:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # --- its life

    def launch(self) -> None:
        """Start the process and do not wait."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self._arguments, stdout=log, stderr=log, env=self._environ)

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.launch()
        until(self._lives_ready, "readiness")

    def _lives_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log()[-3000:]}"
        return self.is_ready()

    def is_ready(self) -> bool:
        try:
            return self.get("/-/ready").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def engine(self) -> psutil.Process | None:
        """The engine's process, where there is one now."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.pid).children():
                with suppress(psutil.NoSuchProcess):
                    if "watchkeeper.engine" in child.cmdline():
                        return child
        return None

    def runs(self) -> bool:
        """Say whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def terminate(self, patience_s: float = PATIENCE_S) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience_s)

    def end(self) -> None:
        """However it fares, it is gone after this."""
        if self.process is None or not self.runs():
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def rss(self) -> int:
        """Resident bytes of both processes."""
        processes = [psutil.Process(self.pid), *([engine] if (engine := self.engine()) else [])]
        return sum(process.memory_info().rss for process in processes)

    # --- asking it

    def get(self, path: str, timeout_s: float = 60.0, headers: dict[str, str] | None = None, **params: str) -> Answer:
        return self.request("GET", path, fields=params or None, headers=headers, timeout_s=timeout_s)

    def post(
        self, path: str, body: bytes = b"", headers: dict[str, str] | None = None, timeout_s: float = 60.0
    ) -> Answer:
        return self.request("POST", path, body=body, headers=headers, timeout_s=timeout_s)

    def request(
        self, method: str, path: str, *, timeout_s: float = 60.0, base: str | None = None, **rest: Any
    ) -> Answer:
        answer = self._http.request(method, (base or self.url) + path, timeout=timeout_s, retries=False, **rest)
        return Answer(answer.status, answer.headers, answer.data)

    def query(self, query: str, at: float | None = None) -> list[dict[str, Any]]:
        """The result of an instant query, which must succeed."""
        answer = self.get("/api/v1/query", query=query, **({} if at is None else {"time": str(at)}))
        assert answer.status == 200, answer.text
        return answer.json["data"]["result"]

    def value(self, query: str, at: float | None = None) -> float | None:
        """The value of a query's only series, None for no series."""
        found = self.query(query, at)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def sql(self, statement: str) -> list[list[str]]:
        """The rows of a statement, which must succeed."""
        answer = self.get("/api/watchkeeper/v1/sql", query=statement, format="tsv")
        assert answer.status == 200, answer.text
        return [line.split("\t") for line in answer.text.splitlines()]

    def metric(self, name: str, **labels: str) -> float:
        """The sum of one of its own metrics over the series with these labels."""
        total = 0.0
        for line in self.get("/metrics").text.splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name and all(f'{k}="{v}"' in series for k, v in labels.items()):
                total += float(value)
        return total

    def targets(self) -> list[dict[str, Any]]:
        return self.get("/api/v1/targets").json["data"]["activeTargets"]
