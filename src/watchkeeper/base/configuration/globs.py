"""File patterns as Go's filepath.Glob reads them."""

from __future__ import annotations

import glob
from pathlib import Path


def matching_files(pattern: Path) -> list[Path]:
    """The existing files that match, in order of their names; `*` finds hidden ones too, and `[^a]` is not a."""
    # Path.glob takes no absolute pattern.
    found = glob.glob(str(pattern).replace("[^", "[!"), include_hidden=True)  # noqa: PTH207
    return [Path(match) for match in sorted(found)]
