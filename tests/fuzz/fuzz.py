"""Coverage-guided fuzzing of decoders and parsers: `python tests/fuzz/fuzz.py SECONDS [TARGET…]`, by default all.

What it finds is written to `crash-…` or `timeout-…` in the working directory, and becomes a regression test before it
is fixed.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import atheris

import watchkeeper.kernels

sys.path.insert(0, str(Path(__file__).parent))

# Numba compiles the kernels itself, and cannot read instrumented ones: they are loaded before.
for _module in pkgutil.walk_packages(watchkeeper.kernels.__path__, "watchkeeper.kernels."):
    importlib.import_module(_module.name)

_WATCHED = [
    "watchkeeper.app.configuration",
    "watchkeeper.base.configuration",
    "watchkeeper.base.duration",
    "watchkeeper.base.ical",
    "watchkeeper.query.promql",
    "watchkeeper.receive.exposition",
    "watchkeeper.receive.remote_write",
    "watchkeeper.store.sql",
    "watchkeeper.template",
    "watchkeeper.api.web_config",
]

with atheris.instrument_imports(include=_WATCHED):
    import fuzz_targets


def main(seconds: int, names: list[str]) -> int:
    """Fuzz targets one after the other; 1 where something was found."""
    failed: list[str] = []
    for name in names:
        print(f"fuzzing {name} for {seconds} s", flush=True)
        # The fuzzer ends its process; what took long to load and to instrument is shared with a copy of ours.
        child = os.fork()
        if child == 0:
            fuzz(name, seconds)
        _, status = os.waitpid(child, 0)
        if status:
            failed.append(name)
    print("failed: " + ", ".join(failed) if failed else "nothing was found", flush=True)
    return 1 if failed else 0


def fuzz(name: str, seconds: int) -> NoReturn:
    """Fuzz one target for so long, beginning with its seeds."""
    target = fuzz_targets.TARGETS[name]
    run = target.prepare()
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            (Path(folder) / f"seed{number}").write_bytes(seed)
        words = Path(folder + ".dict")
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words or "0"))
        options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=4096", "-verbosity=0"]
        # `Fuzz` does not return, so the folder goes with the process' own cleaning of temporary files.
        atheris.Setup([sys.argv[0], folder, *options, f"-dict={words}"], run)
        atheris.Fuzz()
    raise AssertionError("the fuzzer returned")


def _escaped(word: str) -> str:
    return "".join(c if c.isalnum() or c == " " else "".join(f"\\x{b:02x}" for b in c.encode()) for c in word)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:] or list(fuzz_targets.TARGETS)))
