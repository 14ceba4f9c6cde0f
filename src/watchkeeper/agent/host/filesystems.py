"""Mounted file systems: sizes, free space, inodes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.agent.host.mounts import Mounts
from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, read

_IGNORED_POINTS = re.compile(r"^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)")
_IGNORED_TYPES = re.compile(
    r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    r"|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"
)
_TIMEOUT = "mountpoint timeout"


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo.

    `numbers` are the device's major and minor, where there are such; `readonly` is said of the file system,
    not of this way to it, as node-exporter does.
    """

    device: str
    point: str
    type: str
    numbers: tuple[str, str] | None
    readonly: bool


class Filesystems:
    """Tells of every file system that is not of the kernel's own making."""

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts

    def __call__(self, roots: Roots, page: Page) -> None:
        """Collect."""
        found = interesting(mounted(roots))
        answers = self._mounts.measure(list(dict.fromkeys(roots.root(mount.point) for mount in found)))
        for mount in found:
            tell(page, mount, answers[roots.root(mount.point)])


def interesting(mounts: Iterable[Mount]) -> Sequence[Mount]:
    """The mounts that are not of the kernel's own making, each once; as node-exporter chooses them."""
    found: dict[tuple[str, str, str], Mount] = {}
    for mount in mounts:
        if not _IGNORED_POINTS.match(mount.point) and not _IGNORED_TYPES.match(mount.type):
            found.setdefault((mount.device, mount.point, mount.type), mount)
    return list(found.values())


def mounted(roots: Roots) -> Sequence[Mount]:
    """What is mounted, as the first process sees it, or we where we may not look.

    Format: proc(5), /proc/pid/mountinfo. Lines that make no sense are left out.
    """
    try:
        text = read(roots.proc("1/mountinfo"))
    except OSError:
        text = read(roots.proc("self/mountinfo"))
    mounts: list[Mount] = []
    for line in text.splitlines():
        own, _, rest = line.partition(" - ")
        fields, others = own.split(), rest.split(" ")
        if len(fields) < 6 or len(others) < 3:
            continue
        major, _, minor = fields[2].partition(":")
        point = roots.inside(fields[4].replace(r"\040", " ").replace(r"\011", "\t"))
        mounts.append(Mount(others[1], point, others[0], (major, minor), "ro" in others[2].split(",")))
    return mounts


def tell(page: Page, mount: Mount, answer: os.statvfs_result | OSError | None) -> None:
    """What a mount point answered: its sizes, an error, or None where it hangs."""
    error = "" if isinstance(answer, os.statvfs_result) else _TIMEOUT if answer is None else _words(answer)
    labels = {"device": mount.device, "mountpoint": mount.point, "fstype": mount.type, "device_error": error}

    def gauge(metric: str, text: str, value: float) -> None:
        page.gauge(f"node_filesystem_{metric}", text, value, **labels)

    text = "Whether an error occurred while getting statistics for the given device."
    gauge("device_error", text, int(bool(error)))
    gauge("readonly", "Filesystem read-only status.", int(mount.readonly))
    if not isinstance(answer, os.statvfs_result):
        return
    unit = answer.f_frsize
    gauge("size_bytes", "Filesystem size in bytes.", answer.f_blocks * unit)
    gauge("free_bytes", "Filesystem free space in bytes.", answer.f_bfree * unit)
    gauge("avail_bytes", "Filesystem space available to non-root users in bytes.", answer.f_bavail * unit)
    gauge("files", "Filesystem total file nodes.", answer.f_files)
    gauge("files_free", "Filesystem total free file nodes.", answer.f_ffree)
    gauge("purgeable_bytes", "Filesystem space available including purgeable space (MacOS specific).", 0)
    if mount.numbers is None:
        return
    page.gauge(
        "node_filesystem_mount_info",
        "Filesystem mount information.",
        1,
        device=mount.device,
        major=mount.numbers[0],
        minor=mount.numbers[1],
        mountpoint=mount.point,
    )


def _words(error: OSError) -> str:
    return (error.strerror or "error").lower()
