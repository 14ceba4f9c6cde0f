"""NVMe controllers and their namespaces."""

from __future__ import annotations

import re

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, needed_entries, number, word

_NAMESPACE = re.compile(r"^nvme\d+c\d+n(\d+)$")
_SECTOR_BYTES = 512


def nvme(roots: Roots, page: Page) -> None:
    """What each controller is, and how full its namespaces are."""
    folder = roots.sys("class/nvme")
    for device in needed_entries(folder):
        path = f"{folder}/{device}"
        files = {"firmware_revision": "firmware_rev"} | {name: name for name in ("model", "serial", "state", "cntlid")}
        texts = {label: word(f"{path}/{file}") or "" for label, file in files.items()}
        text = "Non-numeric data from /sys/class/nvme/<device>, value is always 1."
        page.gauge("node_nvme_info", text, 1, device=device, **texts)
        for name in entries(path, "nvme"):
            match = _NAMESPACE.match(name)
            if match is not None:
                _namespace(page, f"{path}/{name}", device, match[1])


def _namespace(page: Page, path: str, device: str, nsid: str) -> None:
    where = "Available in /sys/class/nvme/<device>/<namespace>/"
    state = word(f"{path}/ana_state") or "unknown"
    text = "Information about NVMe namespaces. Value is always 1"
    page.gauge("node_nvme_namespace_info", text, 1, device=device, nsid=nsid, ana_state=state)
    sectors, used = number(f"{path}/size"), number(f"{path}/nuse")
    block = number(f"{path}/queue/logical_block_size")
    if sectors is None or used is None or block is None:
        return

    def gauge(metric: str, text: str, value: int) -> None:
        page.gauge(f"node_nvme_namespace_{metric}", text, value, device=device, nsid=nsid)

    text = "Capacity of the NVMe namespace in bytes. Computed as namespace_size * namespace_logical_block_size"
    gauge("capacity_bytes", text, sectors * block)
    gauge("size_bytes", f"Size of the NVMe namespace in bytes. {where}size", sectors * _SECTOR_BYTES)
    gauge("used_bytes", f"Used space of the NVMe namespace in bytes. {where}nuse", used * block)
    text = f"Logical block size of the NVMe namespace in bytes. Usually 4Kb. {where}queue/logical_block_size"
    gauge("logical_block_size_bytes", text, block)
