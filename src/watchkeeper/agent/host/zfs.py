"""ZFS: its kstats, pools and data sets."""

from __future__ import annotations

import re

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, needed_entries, read

_INT64, _UINT64 = "3", "4"
_ZFS = {
    "abdstats": "abd",
    "arcstats": "arc",
    "dbufstats": "dbuf",
    "dmu_tx": "dmu_tx",
    "dnodestats": "dnode",
    "fm": "fm",
    "vdev_cache_stats": "vdev_cache",
    "vdev_mirror_stats": "vdev_mirror",
    "xuio_stats": "xuio",
    "zfetchstats": "zfetch",
    "zil": "zil",
}
_POOL_STATES = ("online", "degraded", "faulted", "offline", "removed", "unavail", "suspended")


def zfs(roots: Roots, page: Page) -> None:
    """The kstats of ZFS, and those of its pools and data sets."""
    folder = roots.proc("spl/kstat/zfs")
    names = needed_entries(folder)
    for file, subsystem in _ZFS.items():
        if file in names:
            for key, value in _kstats(read(f"{folder}/{file}"), (_INT64, _UINT64)):
                name = f"node_zfs_{subsystem}_{key.replace('-', '_')}"
                page.untyped(name, f"kstat.zfs.misc.{file}.{key}", value)
    for pool in names:
        _pool(page, f"{folder}/{pool}", pool)


def _kstats(text: str, types: tuple[str, ...]) -> list[tuple[str, int]]:
    rows = (line.split() for line in text.splitlines()[2:])
    return [(row[0], int(row[2])) for row in rows if len(row) >= 3 and row[1] in types]


def _pool(page: Page, path: str, pool: str) -> None:
    for file in entries(path):
        text = read(f"{path}/{file}")
        if file == "io":
            _, names, values = (line.split() for line in text.splitlines()[:3])
            for name, value in zip(names, values, strict=False):
                page.untyped(f"node_zfs_zpool_{name}", f"kstat.zfs.misc.io.{name}", int(value), zpool=pool)
        elif file == "state":
            for state in _POOL_STATES:
                active = int(text.strip().lower() == state)
                page.gauge("node_zfs_zpool_state", "kstat.zfs.misc.state", active, zpool=pool, state=state)
        elif file.startswith("objset-"):
            named = re.search(r"^dataset_name\s+\d+\s+(\S+)", text, re.MULTILINE)
            for key, value in _kstats(text, (_UINT64,)) if named else ():
                name = f"node_zfs_zpool_dataset_{key.replace('-', '_')}"
                page.untyped(name, f"kstat.zfs.misc.objset.{key}", value, zpool=pool, dataset=named[1] if named else "")
