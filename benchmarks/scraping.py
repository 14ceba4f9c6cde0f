"""Scraping 20 targets of 5000 lines every second: CPU seconds per million samples."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.figures import Figures, Row
from benchmarks.servers import available, free_port, running
from benchmarks.targets import LINES

CPU = Row("scrape, 20 targets × 5000 lines a second: CPU", "s per M samples")

TARGETS = 20
WARM_S = 8
MEASURED_S = 20


def config(port: int) -> str:
    """One job; the targets differ by their path alone."""
    groups = "".join(
        f"      - {{targets: ['127.0.0.1:{port}'], labels: {{__metrics_path__: /{i}, pod: 'app-{i}'}}}}\n"
        for i in range(TARGETS)
    )
    return (
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs:\n  - job_name: app\n    static_configs:\n{groups}"
    )


def measure() -> Figures:
    """CPU over some seconds of steady scraping."""
    figures = Figures()
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "benchmarks.targets", str(port)]) as targets:
        try:
            time.sleep(1)
            for name in available():
                with running(name, config(port)) as server:
                    time.sleep(WARM_S)
                    cpu, began = server.cpu_s(), time.monotonic()
                    time.sleep(MEASURED_S)
                    millions = (time.monotonic() - began) * TARGETS * LINES / 1e6
                    figures.put(CPU, name, (server.cpu_s() - cpu) / millions)
        finally:
            targets.terminate()
    return figures
