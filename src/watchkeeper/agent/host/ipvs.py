"""IP virtual servers: the kernel's load balancer."""

from __future__ import annotations

import ipaddress

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots, needed, read

_TOTALS = (
    ("connections_total", "The total number of connections made."),
    ("incoming_packets_total", "The total number of incoming packets."),
    ("outgoing_packets_total", "The total number of outgoing packets."),
    ("incoming_bytes_total", "The total amount of incoming data."),
    ("outgoing_bytes_total", "The total amount of outgoing data."),
)
_BACKEND = (
    ("weight", "The current backend weight by local and remote address."),
    ("connections_active", "The current active connections by local and remote address."),
    ("connections_inactive", "The current inactive connections by local and remote address."),
)


def ipvs(roots: Roots, page: Page) -> None:
    """All connections, and those of each backend."""
    lines = needed(roots.proc("net/ip_vs_stats")).splitlines()
    for (metric, text), value in zip(_TOTALS, lines[2].split(), strict=True):
        page.counter(f"node_ipvs_{metric}", text, int(value, 16))
    service: dict[str, str] | None = None
    for line in read(roots.proc("net/ip_vs")).splitlines()[3:]:
        fields = line.split()
        if fields[:1] == ["->"] and service is not None:
            address, port = _endpoint(fields[1])
            for (metric, text), value in zip(_BACKEND, fields[3:6], strict=True):
                labels = service | {"remote_address": address, "remote_port": port}
                page.gauge(f"node_ipvs_backend_{metric}", text, int(value), **labels)
        elif fields:
            service = _service(fields)


def _service(fields: list[str]) -> dict[str, str]:
    protocol, address = fields[:2]
    if protocol == "FWM":
        return {"local_address": "", "local_port": "0", "proto": protocol, "local_mark": address}
    host, port = _endpoint(address)
    return {"local_address": host, "local_port": port, "proto": protocol, "local_mark": ""}


def _endpoint(text: str) -> tuple[str, str]:
    """Split `C0A80016:0CEA` or `[2620:…:0001]:0050`; addresses and ports are hexadecimal."""
    host, _, port = text.rpartition(":")
    try:
        if host.startswith("["):
            address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv6Address(host.strip("[]"))
        else:
            address = ipaddress.IPv4Address(int(host, 16))
    except ValueError:
        raise NoData(f"an address of IPVS makes no sense: {text}") from None
    return str(address), str(int(port, 16))
