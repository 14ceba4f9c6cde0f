"""Targets listed in files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

from watchkeeper.base.clock import Clock
from watchkeeper.base.configuration.globs import matching_files
from watchkeeper.discovery.config import FileSDConfig
from watchkeeper.discovery.group import DiscoveryFailure, TargetGroup
from watchkeeper.discovery.listing import from_json, from_yaml
from watchkeeper.discovery.metrics import DiscoveryMetrics

log = logging.getLogger(__name__)

WATCH_S = 2.0
"""How often files are looked at; a look costs one `stat` a file."""

_Stamp = tuple[int, int, int] | None


class FileProvider:
    """Reads files when they change, and all of them once in the refresh interval.

    A file that cannot be read or understood keeps the groups it had; one that is gone takes them along.
    """

    kind = "file"

    def __init__(
        self, config: FileSDConfig, clock: Clock, metrics: DiscoveryMetrics, *, watch_s: float = WATCH_S
    ) -> None:
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._watch_s = min(watch_s, config.refresh_interval_ms / 1000 or watch_s)
        self._stamps: dict[Path, _Stamp] = {}
        self._groups: dict[Path, dict[str, TargetGroup]] = {}

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """What changes in the files."""
        first, read_all_at = True, 0.0
        while True:
            now = self._clock.monotonic_s()
            every = now >= read_all_at
            if every:
                read_all_at = now + self._config.refresh_interval_ms / 1000
            changes = await asyncio.to_thread(self._look, every)
            if changes or first:
                yield tuple(changes)
            first = False
            await asyncio.sleep(self._watch_s)

    def _look(self, every: bool) -> list[TargetGroup]:
        paths = dict.fromkeys(path for pattern in self._config.paths for path in matching_files(pattern))
        changes: list[TargetGroup] = []
        for path in paths:
            stamp = _stamp(path)
            if every or stamp != self._stamps.get(path):
                self._stamps[path] = stamp
                changes += self._read(path)
        for path in [path for path in self._stamps if path not in paths]:
            del self._stamps[path]
            changes += [TargetGroup(source) for source in self._groups.pop(path, {})]
        return changes

    def _read(self, path: Path) -> list[TargetGroup]:
        try:
            found = {group.source: group for group in read_groups(path)}
        except DiscoveryFailure as failure:
            self._metrics.failed(self.kind)
            log.warning("file discovery keeps the targets of %s: %s", path, failure)
            return []
        known = self._groups.get(path, {})
        self._groups[path] = found
        changed = [group for source, group in found.items() if known.get(source) != group]
        return changed + [TargetGroup(source) for source in known if source not in found]


def read_groups(path: Path) -> list[TargetGroup]:
    """The groups in a file. Raises DiscoveryFailure."""
    labels = {"__meta_filepath": str(path)}
    try:
        content = path.read_bytes()
        if path.suffix == ".json":
            return from_json(content, str(path), labels)
        return from_yaml(content.decode("utf-8-sig"), str(path), labels)
    except (OSError, UnicodeDecodeError) as error:
        raise DiscoveryFailure(f"{path} cannot be read: {error}") from error


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
