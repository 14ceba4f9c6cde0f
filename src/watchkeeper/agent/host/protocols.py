"""The network stack: protocol counters, sockets, queues, connection tracking."""

from __future__ import annotations

import os
import re

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots, needed, read

_NETSTAT = re.compile(
    r"^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    r"|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
    r"|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    r"|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
_SOFTNET = (
    (0, "processed_total", "Number of processed packets"),
    (1, "dropped_total", "Number of dropped packets"),
    (2, "times_squeezed_total", "Number of times processing packets ran out of quota"),
    (8, "cpu_collision_total", "Number of collision occur while obtaining device lock while transmitting"),
    (9, "received_rps_total", "Number of times cpu woken up received_rps"),
    (10, "flow_limit_count_total", "Number of times flow limit has been reached"),
    (11, "backlog_len", "Softnet backlog status"),
)
_SOFTNET_CPU = 12
_CONNTRACK = (
    (2, "found", "Number of searched entries which were successful."),
    (4, "invalid", "Number of packets seen which can not be tracked."),
    (5, "ignore", "Number of packets seen which are already connected to a conntrack entry."),
    (8, "insert", "Number of entries inserted into the list."),
    (9, "insert_failed", "Number of entries for which list insertion was attempted but failed."),
    (10, "drop", "Number of packets dropped due to conntrack failure."),
    (
        11,
        "early_drop",
        "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.",
    ),
    (16, "search_restart", "Number of conntrack table lookups which had to be restarted due to hashtable resizes."),
)


def netstat(roots: Roots, page: Page) -> None:
    """The counters of IP, TCP, UDP and ICMP that node-exporter tells by default."""
    for file in ("net/netstat", "net/snmp"):
        lines = read(roots.proc(file)).splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            protocol, _, header = names.partition(":")
            for name, value in zip(header.split(), values.partition(":")[2].split(), strict=False):
                _statistic(page, protocol, name, value)
    try:
        newer = needed(roots.proc("net/snmp6"))
    except NoData:
        return  # This machine has no IPv6.
    for line in newer.splitlines():
        name, value = line.split()
        protocol, six, rest = name.partition("6")
        if six:
            _statistic(page, protocol + six, rest, value)


def _statistic(page: Page, protocol: str, name: str, value: str) -> None:
    if _NETSTAT.match(f"{protocol}_{name}"):
        page.untyped(f"node_netstat_{protocol}_{name}", f"Statistic {protocol}{name}.", int(value))


def sockstat(roots: Roots, page: Page) -> None:
    """Sockets in use; the memory of TCP and UDP also in bytes."""
    for file in ("net/sockstat", "net/sockstat6"):
        try:
            text = needed(roots.proc(file))
        except NoData:
            continue
        for line in text.splitlines():
            protocol, _, rest = line.partition(":")
            fields = rest.split()
            for state, value in zip(fields[::2], fields[1::2], strict=True):
                _sockets(page, protocol, state, int(value))


def _sockets(page: Page, protocol: str, state: str, value: int) -> None:
    if protocol == "sockets":
        page.gauge("node_sockstat_sockets_used", "Number of IPv4 sockets in use.", value)
        return
    text = f"Number of {protocol} sockets in state"
    page.gauge(f"node_sockstat_{protocol}_{state}", f"{text} {state}.", value)
    if state == "mem":
        size = value * os.sysconf("SC_PAGE_SIZE")
        page.gauge(f"node_sockstat_{protocol}_mem_bytes", f"{text} mem_bytes.", size)


def softnet(roots: Roots, page: Page) -> None:
    """How the processors cope with packets; the columns are hexadecimal."""
    for position, line in enumerate(read(roots.proc("net/softnet_stat")).splitlines()):
        columns = [int(column, 16) for column in line.split()]
        cpu = columns[_SOFTNET_CPU] if len(columns) > _SOFTNET_CPU else position
        for place, metric, text in _SOFTNET:
            value = columns[place] if place < len(columns) else 0
            tell = page.counter if metric.endswith("_total") else page.gauge
            tell(f"node_softnet_{metric}", text, value, cpu=str(cpu))


def udp_queues(roots: Roots, page: Page) -> None:
    """Bytes that wait in UDP sockets."""
    text = "Number of allocated memory in the kernel for UDP datagrams in bytes."
    for ip, file in (("v4", "net/udp"), ("v6", "net/udp6")):
        lines = needed(roots.proc(file)).splitlines()[1:]
        queues = [line.split()[4].split(":") for line in lines if line.strip()]
        for place, queue in enumerate(("tx", "rx")):
            size = sum(int(sizes[place], 16) for sizes in queues)
            page.gauge("node_udp_queues", text, size, queue=queue, ip=ip)


def conntrack(roots: Roots, page: Page) -> None:
    """Tracked connections; the statistics are one line of hexadecimal columns for each processor."""
    count = int(needed(roots.proc("sys/net/netfilter/nf_conntrack_count")))
    name, text = "node_nf_conntrack_entries", "Number of currently allocated flow entries for connection tracking."
    page.gauge(name, text, count)
    limit = int(needed(roots.proc("sys/net/netfilter/nf_conntrack_max")))
    page.gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.", limit)
    lines = [line.split() for line in read(roots.proc("net/stat/nf_conntrack")).splitlines()[1:]]
    for place, metric, text in _CONNTRACK:
        page.gauge(f"node_nf_conntrack_stat_{metric}", text, sum(int(line[place], 16) for line in lines))
