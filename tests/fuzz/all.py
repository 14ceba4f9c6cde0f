"""Fuzzes every target, one after the other: `python tests/fuzz/all.py [SECONDS]`; ends with 1 where one fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_targets import TARGETS


def main(seconds: str) -> int:
    """Run them all; each failure leaves its input in a `crash-…` file."""
    failed: list[str] = []
    for name in TARGETS:
        print(f"fuzzing {name} for {seconds} s", flush=True)
        program = str(Path(__file__).parent / "fuzz.py")
        if subprocess.run([sys.executable, program, name, seconds], check=False).returncode:
            failed.append(name)
    print("failed: " + ", ".join(failed) if failed else "nothing was found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "60"))
