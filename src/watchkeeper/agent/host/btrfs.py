"""Btrfs: space by kind of block group, commits, devices."""

from __future__ import annotations

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, number, read, word

_SECTOR_BYTES = 512
_KINDS = ("data", "metadata", "system")
_COPIES = {"dup": 2.0, "raid1": 2.0, "raid10": 2.0, "raid1c3": 3.0, "raid1c4": 4.0}
_PARITY = {"raid5": 1, "raid6": 2}


def btrfs(roots: Roots, page: Page) -> None:
    """Every Btrfs, named by its UUID."""
    folder = roots.sys("fs/btrfs")
    for uuid in entries(folder):
        if "-" in uuid:  # `features` lies beside them.
            _filesystem(page, f"{folder}/{uuid}", uuid)


def _filesystem(page: Page, path: str, uuid: str) -> None:
    page.gauge("node_btrfs_info", "Filesystem information", 1, uuid=uuid, label=word(f"{path}/label") or "")
    reserve = number(f"{path}/allocation/global_rsv_size")
    if reserve is not None:
        page.gauge("node_btrfs_global_rsv_size_bytes", "Size of global reserve.", reserve, uuid=uuid)
    _commits(page, path, uuid)
    devices = entries(f"{path}/devices")
    for kind in _KINDS:
        _allocation(page, f"{path}/allocation/{kind}", {"uuid": uuid, "block_group_type": kind}, len(devices))
    for device in devices:
        sectors = number(f"{path}/devices/{device}/size")
        if sectors is not None:
            name, text = "node_btrfs_device_size_bytes", "Size of a device that is part of the filesystem."
            page.gauge(name, text, sectors * _SECTOR_BYTES, uuid=uuid, device=device)


def _commits(page: Page, path: str, uuid: str) -> None:
    try:
        lines = read(f"{path}/commit_stats").splitlines()
    except FileNotFoundError:
        return  # Kernels before 6.0.
    said = {key: int(value) for key, value in (line.split() for line in lines)}
    text = "The total number of commits that have occurred."
    page.counter("node_btrfs_commits_total", text, said["commits"], uuid=uuid)
    text = "Duration of the most recent commit, in seconds."
    page.gauge("node_btrfs_last_commit_seconds", text, said["last_commit_ms"] / 1000, uuid=uuid)
    text = "Duration of the slowest commit, in seconds."
    page.gauge("node_btrfs_max_commit_seconds", text, said["max_commit_ms"] / 1000, uuid=uuid)
    text = "Sum of the duration of all commits, in seconds."
    page.counter("node_btrfs_commit_seconds_total", text, said["total_commit_ms"] / 1000, uuid=uuid)


def _allocation(page: Page, path: str, labels: dict[str, str], devices: int) -> None:
    reserved = number(f"{path}/bytes_reserved")
    if reserved is not None:
        page.gauge("node_btrfs_reserved_bytes", "Amount of space reserved for a data type", reserved, **labels)
    for mode in entries(path):
        used, total = number(f"{path}/{mode}/used_bytes"), number(f"{path}/{mode}/total_bytes")
        if used is None or total is None:
            continue
        page.gauge("node_btrfs_used_bytes", "Amount of used space by a layout/data type", used, **labels, mode=mode)
        text = "Amount of space allocated for a layout/data type"
        page.gauge("node_btrfs_size_bytes", text, total, **labels, mode=mode)
        text = "Data allocation ratio for a layout/data type"
        page.gauge("node_btrfs_allocation_ratio", text, _ratio(mode, devices), **labels, mode=mode)


def _ratio(mode: str, devices: int) -> float:
    """How many bytes on disk a byte of data takes."""
    parity = _PARITY.get(mode)
    if parity is not None:
        return devices / (devices - parity) if devices > parity else 0.0
    return _COPIES.get(mode, 1.0)
