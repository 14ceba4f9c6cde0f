"""Software arrays: /proc/mdstat, and what sysfs adds to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, needed, number

_DEVICE = re.compile(r"^(?P<name>md\S*) : (?P<activity>\S+) (?P<rest>.*)$")
_MEMBER = re.compile(r"\[\d+\]((?:\(\w\))*)")
_BLOCKS = re.compile(r"(\d+) blocks")
_DISKS = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
_SYNC = re.compile(r"(recovery|resync|check|reshape)\s*=\s*(?:[\d.]+%\s*\((\d+)/\d+\)|(\w+))")
_STATES = ("active", "inactive", "recovering", "resync", "check")
_STATE_OF = {"recovery": "recovering", "reshape": "recovering", "resync": "resync", "check": "check"}


@dataclass(slots=True)
class _Array:
    name: str
    state: str
    active: int
    required: int
    failed: int
    spare: int
    blocks: int = 0
    synced: int = 0


def mdadm(roots: Roots, page: Page) -> None:
    """The arrays, their disks, and how far a rebuild is."""
    array: _Array | None = None
    for line in needed(roots.proc("mdstat")).splitlines():
        device = _DEVICE.match(line)
        if device is not None:
            _tell(page, array)
            array = _array(device["name"], device["activity"], device["rest"])
        elif array is not None:
            _read(array, line)
    _tell(page, array)
    for name in entries(roots.sys("block"), "md"):
        for file, text in (("raid_disks", "raid disks"), ("degraded", "degraded disks")):
            value = number(roots.sys(f"block/{name}/md/{file}"))
            if value is not None:
                page.gauge(f"node_md_{file}", f"Number of {text} on device.", value, device=name)


def _array(name: str, activity: str, rest: str) -> _Array:
    marks = [member[1] for member in _MEMBER.finditer(rest)]
    failed, spare = sum("(F)" in mark for mark in marks), sum("(S)" in mark for mark in marks)
    # Arrays without redundancy say nothing of their disks further on: all that are there are needed.
    active = len(marks) - failed - spare
    return _Array(name, activity if activity in _STATES else "inactive", active, active, failed, spare)


def _read(array: _Array, line: str) -> None:
    blocks = _BLOCKS.search(line)
    if blocks is not None and not array.blocks:
        array.blocks = array.synced = int(blocks[1])
    disks = _DISKS.search(line)
    if disks is not None:
        array.required, array.active = int(disks[1]), int(disks[2])
    sync = _SYNC.search(line)
    if sync is not None:
        array.state = _STATE_OF[sync[1]]
        array.synced = int(sync[2] or 0)


def _tell(page: Page, array: _Array | None) -> None:
    if array is None:
        return
    device = array.name
    for state in _STATES:
        page.gauge(
            "node_md_state", "Indicates the state of md-device.", int(state == array.state), device=device, state=state
        )
    for state, count in (("active", array.active), ("failed", array.failed), ("spare", array.spare)):
        text = "Number of active/failed/spare disks of device."
        page.gauge("node_md_disks", text, count, device=device, state=state)
    page.gauge("node_md_disks_required", "Total number of disks of device.", array.required, device=device)
    page.gauge("node_md_blocks", "Total number of blocks on device.", array.blocks, device=device)
    page.gauge("node_md_blocks_synced", "Number of blocks synced on device.", array.synced, device=device)
