"""Servers for bad days: one that several tests share, and fresh ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "unit" / "receive_remote_write")]

from watchkeeper_process import Watchkeeper  # noqa: E402


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watchkeeper]:
    """A server without configuration that several tests share; each uses metric names of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with Watchkeeper(
        folder, "--web.enable-lifecycle", "--web.read-timeout", "3s", "--web.max-connections", "300"
    ) as it:
        yield it


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Watchkeeper]]:
    """Makes servers (not started yet) that are gone after the test."""
    with ExitStack() as stack:

        def build(*flags: str, **options: Any) -> Watchkeeper:
            server = Watchkeeper(tmp_path, *flags, **options)
            stack.callback(server.end)
            return server

        yield build
