"""How a kernel is compiled: without the GIL, to a cache on disk that notices every edit in this folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _cache_folder() -> Path:
    """A folder named after the kernels' own source: Numba's cache does not notice an edit in an imported helper."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "watchkeeper" / f"kernels-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="watchkeeper-kernels-"))
    return folder


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(_cache_folder())  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage]  # numba's settings


def kernel(function: F) -> F:
    """Compile `function` at its first call, holding no GIL; fastmath stays off, for it breaks NaN and exact sums."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))
