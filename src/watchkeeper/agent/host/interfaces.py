"""Network interfaces: counters, properties, neighbours, bonds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, needed, needed_entries, number, read, word

_UP = 0x1
_PROPERTIES = {
    "addr_assign_type": "address_assign_type",
    "carrier": "carrier",
    "carrier_changes": "carrier_changes_total",
    "carrier_up_count": "carrier_up_changes_total",
    "carrier_down_count": "carrier_down_changes_total",
    "dev_id": "device_id",
    "dormant": "dormant",
    "flags": "flags",
    "ifindex": "iface_id",
    "iflink": "iface_link",
    "link_mode": "iface_link_mode",
    "mtu": "mtu_bytes",
    "name_assign_type": "name_assign_type",
    "netdev_group": "net_dev_group",
    "tx_queue_len": "transmit_queue_length",
    "type": "protocol_type",
}


def netdev(roots: Roots, page: Page) -> None:
    """What each interface received and sent; the columns are named by the file's own header."""
    _, header, *lines = read(roots.proc("net/dev")).splitlines()
    _, receive, transmit = header.split("|")
    columns = [f"receive_{name}" for name in receive.split()] + [f"transmit_{name}" for name in transmit.split()]
    for line in lines:
        device, _, values = line.rpartition(":")
        device = device.strip()
        for column, value in zip(columns, values.split(), strict=False):
            _statistic(page, device, column, int(value))
        unhandled = number(roots.sys(f"class/net/{device}/statistics/rx_nohandler"))
        if unhandled is not None:
            _statistic(page, device, "receive_nohandler", unhandled)


def _statistic(page: Page, device: str, column: str, value: int) -> None:
    page.counter(f"node_network_{column}_total", f"Network device statistic {column}.", value, device=device)


def netclass(roots: Roots, page: Page) -> None:
    """The properties of each interface."""
    folder = roots.sys("class/net")
    for device in needed_entries(folder):
        path = f"{folder}/{device}"
        if not Path(path).is_dir():
            continue  # bonding_masters is a file.
        _information(page, device, path)
        for file, metric in _PROPERTIES.items():
            value = number(f"{path}/{file}")
            if value is not None:
                tell = page.counter if metric.endswith("_total") else page.gauge
                tell(f"node_network_{metric}", f"Network device property: {metric}", value, device=device)
        speed = number(f"{path}/speed")
        if speed is not None:
            text = "Network device property: speed_bytes"
            page.gauge("node_network_speed_bytes", text, int(speed * 1_000_000 / 8), device=device)


def _information(page: Page, device: str, path: str) -> None:
    texts = {name: word(f"{path}/{name}") or "" for name in ("address", "broadcast", "duplex", "operstate", "ifalias")}
    flags = number(f"{path}/flags")
    state = "unknown" if flags is None else "up" if flags & _UP else "down"
    text = "Value is 1 if operstate is 'up', 0 otherwise."
    page.gauge("node_network_up", text, int(texts["operstate"] == "up"), device=device)
    text = "Non-numeric data from /sys/class/net/<iface>, value is always 1."
    page.gauge("node_network_info", text, 1, device=device, adminstate=state, **texts)


def arp(roots: Roots, page: Page) -> None:
    """How many neighbours are known by interface."""
    devices = Counter(line.split()[-1] for line in read(roots.proc("net/arp")).splitlines()[1:] if line.strip())
    for device, count in devices.items():
        page.gauge("node_arp_entries", "ARP entries by device", count, device=device)


def bonding(roots: Roots, page: Page) -> None:
    """Bonds, and how many of their links work."""
    folder = roots.sys("class/net")
    for master in needed(f"{folder}/bonding_masters").split():
        links = read(f"{folder}/{master}/bonding/slaves").split()
        states = [
            word(f"{folder}/{master}/lower_{link}/bonding_slave/mii_status")
            or read(f"{folder}/{master}/slave_{link}/bonding_slave/mii_status").strip()
            for link in links
        ]
        name, text = "node_bonding_slaves", "Number of configured slaves per bonding interface."
        page.gauge(name, text, len(links), master=master)
        name, text = "node_bonding_active", "Number of active slaves per bonding interface."
        page.gauge(name, text, states.count("up"), master=master)
