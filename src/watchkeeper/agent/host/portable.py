"""Machines without procfs: what psutil knows, under node-exporter's names."""

from __future__ import annotations

import os

import psutil

from watchkeeper.agent.host.filesystems import Mount, interesting, tell
from watchkeeper.agent.host.mounts import Mounts
from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots

_DISK = {
    "read_count": ("reads_completed_total", "The total number of reads completed successfully.", 1),
    "read_bytes": ("read_bytes_total", "The total number of bytes read successfully.", 1),
    "read_time": ("read_time_seconds_total", "The total number of seconds spent by all reads.", 0.001),
    "write_count": ("writes_completed_total", "The total number of writes completed successfully.", 1),
    "write_bytes": ("written_bytes_total", "The total number of bytes written successfully.", 1),
    "write_time": ("write_time_seconds_total", "This is the total number of seconds spent by all writes.", 0.001),
}
_NETWORK = {
    "bytes_recv": "receive_bytes",
    "packets_recv": "receive_packets",
    "errin": "receive_errs",
    "dropin": "receive_drop",
    "bytes_sent": "transmit_bytes",
    "packets_sent": "transmit_packets",
    "errout": "transmit_errs",
    "dropout": "transmit_drop",
}
_MEMORY = {
    "total": ("total", "MemTotal"),
    "available": ("available", "MemAvailable"),
    "free": ("free", "MemFree"),
    "active": ("active", "Active"),
    "inactive": ("inactive", "Inactive"),
    "wired": ("wired", None),
}
"""By psutil's word: node-exporter's name on that platform, and the one on Linux, on which most dashboards stand."""


def boottime(roots: Roots, page: Page) -> None:
    """When the machine was started."""
    page.gauge("node_boot_time_seconds", "Unix time of last boot, including microseconds.", psutil.boot_time())


def cpu(roots: Roots, page: Page) -> None:
    """Seconds by mode."""
    for position, times in enumerate(psutil.cpu_times(percpu=True)):
        for mode in ("user", "nice", "system", "idle"):
            seconds: float | None = getattr(times, mode, None)
            if seconds is not None:
                text = "Seconds the CPUs spent in each mode."
                page.counter("node_cpu_seconds_total", text, seconds, cpu=str(position), mode=mode)


def loadavg(roots: Roots, page: Page) -> None:
    """The load averages."""
    for minutes, value in zip((1, 5, 15), psutil.getloadavg(), strict=True):
        page.gauge(f"node_load{minutes}", f"{minutes}m load average.", value)


def meminfo(roots: Roots, page: Page) -> None:
    """Memory and swap in bytes, by the platform's names and by those of Linux."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    sizes: dict[str, int] = {
        "swap_total": swap.total,
        "swap_used": swap.used,
        "SwapTotal": swap.total,
        "SwapFree": swap.free,
    }
    for attribute, names in _MEMORY.items():
        size: int | None = getattr(memory, attribute, None)
        if size is not None:
            sizes |= {name: size for name in names if name is not None}
    for name, size in sizes.items():
        page.gauge(f"node_memory_{name}_bytes", f"Memory information field {name}_bytes.", size)


def diskstats(roots: Roots, page: Page) -> None:
    """Reads and writes by disk; psutil counts times in ms."""
    for device, counts in psutil.disk_io_counters(perdisk=True).items():
        for attribute, (metric, text, unit) in _DISK.items():
            value: float | None = getattr(counts, attribute, None)
            if value is not None:
                page.counter(f"node_disk_{metric}", text, value * unit, device=device)


def netdev(roots: Roots, page: Page) -> None:
    """What each interface received and sent."""
    for device, counts in psutil.net_io_counters(pernic=True).items():
        for attribute, column in _NETWORK.items():
            text = f"Network device statistic {column}."
            page.counter(f"node_network_{column}_total", text, getattr(counts, attribute), device=device)


def uname(roots: Roots, page: Page) -> None:
    """The system's name and version."""
    said = os.uname()
    names = ("sysname", "release", "version", "machine", "nodename")
    labels = {name: str(getattr(said, name)) for name in names}
    text = "Labeled system information as provided by the uname system call."
    page.gauge("node_uname_info", text, 1, **labels, domainname="(none)")


class Filesystems:
    """Mounted file systems."""

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts

    def __call__(self, roots: Roots, page: Page) -> None:
        """Collect."""
        found = interesting(
            Mount(part.device, part.mountpoint, part.fstype, None, "ro" in part.opts.split(","))
            for part in psutil.disk_partitions(all=False)
        )
        if not found:
            raise NoData("nothing is mounted that is worth telling")
        answers = self._mounts.measure([mount.point for mount in found])
        for mount in found:
            tell(page, mount, answers[mount.point])
