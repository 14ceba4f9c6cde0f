"""The rooms that the HTTP faces call, handed over by `app`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock

T = TypeVar("T")


class Readers:
    """Worker threads for blocking reads, so that the event loop goes on receiving."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    async def run(self, call: Callable[..., T], *arguments: Any) -> T:
        """The result of a blocking call, made in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    def close(self) -> None:
        """Take no further calls; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Status(Protocol):
    """How the process is doing."""

    @property
    def ready(self) -> bool:
        """Whether it answers questions yet."""
        ...

    @property
    def summary(self) -> str:
        """One line for a person."""
        ...


class Running(Protocol):
    """What the process knows of its configuration; times in ms."""

    @property
    def started_ms(self) -> int:
        """When the process started."""
        ...

    def configuration_yaml(self) -> str:
        """The configuration in force, secrets hidden."""
        ...

    def last_reload(self) -> tuple[bool, int]:
        """Whether the last reading succeeded, and when one last did."""
        ...

    def external_labels(self) -> dict[str, str]:
        """What is added to all that leaves this house."""
        ...

    def retention_text(self) -> str:
        """How long samples are kept, as a duration."""
        ...


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What may be asked of the process itself; None where it is not enabled."""

    reload: Callable[[], Awaitable[None]] | None = None
    quit: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What runs."""

    version: str
    revision: str
    python: str


@dataclass(frozen=True, slots=True)
class Options:
    """How the HTTP face behaves; the flags are those of the command line as the API shows them.

    `telemetry` says whether samples are taken and questioned here, or people told only.
    """

    telemetry: bool = True
    external_url: str = ""
    route_prefix: str = ""
    enable_admin: bool = False
    enable_remote_write: bool = True
    flags: Mapping[str, str] = field(default_factory=dict[str, str])
    listen: Sequence[str] = ()
    read_sample_limit: int = 50_000_000
    read_frame_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Core:
    """What every face needs."""

    clock: Clock
    registry: CollectorRegistry
    readers: Readers
    status: Status
    lifecycle: Lifecycle
    build: BuildInfo
    options: Options
