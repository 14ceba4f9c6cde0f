"""Targets as they are found, before relabelling."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from watchkeeper.base.failure import Failure
from watchkeeper.model.labels import Labels

ADDRESS = "__address__"


class DiscoveryFailure(Failure):
    """Targets could not be looked up; those found before stay."""

    retryable = True


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Targets that were found together: each one's own labels, `__address__` among them, and those of all.

    A group replaces the earlier one of the same `source`; one without targets takes it away.
    """

    source: str
    targets: tuple[Mapping[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=Labels)

    def label_sets(self) -> Iterator[Labels]:
        """All labels of each target; its own win over the group's."""
        for target in self.targets:
            yield Labels({**self.labels, **target})


class Provider(Protocol):
    """One way of finding targets."""

    @property
    def kind(self) -> str:
        """What metrics and messages call it, such as `file`."""
        ...

    def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """The groups that are new or have changed, whenever any has; it ends only when it is closed."""
        ...


def at(address: str) -> Mapping[str, str]:
    """The labels of a target of which only the address is known."""
    return {ADDRESS: address}


def host_port(host: str, port: int | str) -> str:
    """`host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
