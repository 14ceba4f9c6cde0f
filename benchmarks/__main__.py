"""`python -m benchmarks [PART …]`: measure, and print a table for each kind of peer."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks import alerts, disk, ingest, memory, queries, rules, scraping
from benchmarks.figures import ALERTMANAGER, OURS, OURS_FOR_ALERTS, PROMETHEUS, VICTORIA, Figures
from benchmarks.servers import versions
from benchmarks.table import markdown

PARTS: dict[str, Callable[[], Figures]] = {
    "ingest": ingest.measure,
    "scraping": scraping.measure,
    "queries": queries.measure,
    "rules": rules.measure,
    "disk": disk.measure,
    "memory": memory.measure,
    "alerts": alerts.measure,
}


def _machine() -> str:
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    gib = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} × {model}, {gib:.0f} GiB, {platform.system()} {platform.release()}"


def main(names: list[str]) -> int:
    """Measure the parts named, or all; 2 where a name is unknown."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        print(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    figures = Figures()
    for name in names or PARTS:
        began = time.monotonic()
        figures.update(PARTS[name]())
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    load = os.getloadavg()[1]
    print("; ".join(f"{name} {version}" for name, version in versions().items()))
    print(f"{time.strftime('%Y-%m-%d')}; {_machine()}; load of the last 5 minutes {load:.1f}\n")
    for peers, ours in (((PROMETHEUS, VICTORIA), (OURS,)), ((ALERTMANAGER,), (OURS_FOR_ALERTS, OURS))):
        if (beside := figures.beside(*peers)).values:
            print(markdown(beside, peers, ours) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
