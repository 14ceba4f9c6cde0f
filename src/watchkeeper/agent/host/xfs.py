"""XFS: the counters of each file system."""

from __future__ import annotations

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, read

_BTREE = (
    ("lookups", "lookups"),
    ("compares", "compares"),
    ("records_inserted", "records inserted"),
    ("records_deleted", "records deleted"),
)
_FOR = "for a filesystem."
_LINES: dict[str, tuple[tuple[str, str], ...]] = {
    "extent_alloc": (
        ("extent_allocation_extents_allocated", f"Number of extents allocated {_FOR}"),
        ("extent_allocation_blocks_allocated", f"Number of blocks allocated {_FOR}"),
        ("extent_allocation_extents_freed", f"Number of extents freed {_FOR}"),
        ("extent_allocation_blocks_freed", f"Number of blocks freed {_FOR}"),
    ),
    "abt": tuple((f"allocation_btree_{name}", f"Number of allocation B-tree {text} {_FOR}") for name, text in _BTREE),
    "blk_map": (
        ("block_mapping_reads", f"Number of block map for read operations {_FOR}"),
        ("block_mapping_writes", f"Number of block map for write operations {_FOR}"),
        ("block_mapping_unmaps", f"Number of block unmaps (deletes) {_FOR}"),
        ("block_mapping_extent_list_insertions", f"Number of extent list insertions {_FOR}"),
        ("block_mapping_extent_list_deletions", f"Number of extent list deletions {_FOR}"),
        ("block_mapping_extent_list_lookups", f"Number of extent list lookups {_FOR}"),
        ("block_mapping_extent_list_compares", f"Number of extent list compares {_FOR}"),
    ),
    "bmbt": tuple((f"block_map_btree_{name}", f"Number of block map B-tree {text} {_FOR}") for name, text in _BTREE),
    "dir": (
        (
            "directory_operation_lookup",
            "Number of file name directory lookups which miss the operating systems directory name lookup cache.",
        ),
        ("directory_operation_create", f"Number of times a new directory entry was created {_FOR}"),
        ("directory_operation_remove", f"Number of times an existing directory entry was created {_FOR}"),
        ("directory_operation_getdents", f"Number of times the directory getdents operation was performed {_FOR}"),
    ),
    "ig": (
        ("inode_operation_attempts", "Number of times the OS looked for an XFS inode in the inode cache."),
        ("inode_operation_found", "Number of times the OS looked for and found an XFS inode in the inode cache."),
        (
            "inode_operation_recycled",
            "Number of times the OS found an XFS inode in the cache, but could not use it as it was being recycled.",
        ),
        (
            "inode_operation_missed",
            "Number of times the OS looked for an XFS inode in the cache, but did not find it.",
        ),
        (
            "inode_operation_duplicates",
            "Number of times the OS tried to add a missing XFS inode to the inode cache, "
            "but found it had already been added by another process.",
        ),
        (
            "inode_operation_reclaims",
            "Number of times the OS reclaimed an XFS inode from the inode cache to free memory for another purpose.",
        ),
        (
            "inode_operation_attribute_changes",
            "Number of times the OS explicitly changed the attributes of an XFS inode.",
        ),
    ),
    "rw": (
        ("write_calls", "Number of write(2) system calls made to files in a filesystem."),
        ("read_calls", "Number of read(2) system calls made to files in a filesystem."),
    ),
    "vnodes": (
        ("vnode_active", f"Number of vnodes not on free lists {_FOR}"),
        ("vnode_allocate", f"Number of times vn_alloc called {_FOR}"),
        ("vnode_get", f"Number of times vn_get called {_FOR}"),
        ("vnode_hold", f"Number of times vn_hold called {_FOR}"),
        ("vnode_release", f"Number of times vn_rele called {_FOR}"),
        ("vnode_reclaim", f"Number of times vn_reclaim called {_FOR}"),
        ("vnode_remove", f"Number of times vn_remove called {_FOR}"),
    ),
}


def xfs(roots: Roots, page: Page) -> None:
    """What each XFS counted since it was mounted."""
    folder = roots.sys("fs/xfs")
    for device in entries(folder):
        if device == "stats":
            continue  # The sum of all; the others are devices.
        try:
            text = read(f"{folder}/{device}/stats/stats")
        except FileNotFoundError:
            continue
        for line in text.splitlines():
            key, *values = line.split()
            for (metric, help_), value in zip(_LINES.get(key, ()), values, strict=False):
                page.counter(f"node_xfs_{metric}_total", help_, int(value), device=device)
