"""How the embedded engine is opened, and what it may use of the machine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the engine may use; sizes in bytes, times in seconds.

    A `memory_limit_bytes` of 0 means half of the machine's (or the container's) memory. Inserts are refused with
    NOT_ENOUGH_SPACE (243) while less than `min_free_disk_bytes` would be left, so that merges and drops still can run.
    """

    memory_limit_bytes: int = 0
    min_free_disk_bytes: int = 256 * MIB
    mark_cache_bytes: int = 64 * MIB
    concurrent_queries: int = 64
    log_level: str = "warning"
    # Where BACKUP writes and RESTORE reads, an absolute path; empty means `backups` below the engine's own folder.
    backup_folder: str = ""
    # Settings of ClickHouse that every statement starts from, unless the request says otherwise.
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Orders:
    """All that the engine's process is told, on its stdin: neither arguments nor environment may carry the secret."""

    path: Path
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    shared_directory: Path | None
    options: EngineOptions

    def encode(self) -> bytes:
        """One line of JSON."""
        values = asdict(self)
        values["path"] = str(self.path)
        values["shared_directory"] = str(self.shared_directory) if self.shared_directory is not None else None
        return json.dumps(values).encode() + b"\n"

    @staticmethod
    def decode(line: bytes) -> Orders:
        """What `encode` made a line of."""
        values = json.loads(line)
        shared = values["shared_directory"]
        return Orders(
            path=Path(values["path"]),
            port=values["port"],
            user=values["user"],
            password=values["password"],
            database=values["database"],
            shared_directory=Path(shared) if shared is not None else None,
            options=EngineOptions(**values["options"]),
        )


def statement_defaults(options: EngineOptions) -> dict[str, str]:
    """The settings that every statement starts from."""
    # A server's HTTP interface does not take `1 + 1` for a query; chDB would.
    return {"implicit_select": "0", **options.settings}


def server_configuration(options: EngineOptions, path: Path, machine_bytes: int) -> str:
    """ClickHouse's server configuration, as XML, for an engine on `path` and a machine with that much memory.

    Idle, the engine should weigh little more than its code: caches that its defaults size for a server of its own
    (5 GiB of marks, 5 GiB of primary keys) are bounded, and the allocator's limit leaves room for our other process.
    """
    memory = options.memory_limit_bytes or max(machine_bytes // 2, 512 * MIB)
    server = {
        "max_server_memory_usage": memory,
        "mark_cache_size": options.mark_cache_bytes,
        "primary_index_cache_size": options.mark_cache_bytes,
        "index_mark_cache_size": options.mark_cache_bytes // 4,
        "uncompressed_cache_size": 0,
        "index_uncompressed_cache_size": 0,
        "query_condition_cache_size": 16 * MIB,
        "compiled_expression_cache_size": 32 * MIB,
        "mmap_cache_size": 0,
        # Threads that have run out of work end, and give back their stacks and allocator caches.
        "max_thread_pool_free_size": 16,
        "background_pool_size": 2,
        # By default the engine compares its count of memory with the system's twenty times a second, idle or not.
        "memory_worker_period_ms": 1000,
    }
    merge_tree = {"min_free_disk_bytes_to_perform_insert": options.min_free_disk_bytes}
    backups = options.backup_folder or str(path / "backups")
    return (
        "<clickhouse>\n"
        f"<logger><level>{escape(options.log_level)}</level></logger>\n"
        f"{_elements(server)}<merge_tree>\n{_elements(merge_tree)}</merge_tree>\n"
        f"<backups><allowed_path>{escape(backups)}</allowed_path></backups>\n"
        "</clickhouse>\n"
    )


def machine_memory_bytes() -> int:
    """The machine's memory, or the container's limit where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            text = limit.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def _elements(values: Mapping[str, int]) -> str:
    return "".join(f"<{name}>{value}</{name}>\n" for name, value in values.items())
