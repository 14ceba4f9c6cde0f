"""NFS: what the client and the server of the kernel did."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, needed

_V2 = (
    "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir "
    "ReadDir FsStat"
)
_V3 = (
    "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link "
    "ReadDir ReadDirPlus FsStat FsInfo PathConf Commit"
)
_CLIENT_V4 = (
    "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID "
    "SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create Pathconf "
    "StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent "
    "ExchangeID CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet "
    "LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession DestroyClientID "
    "Seek Allocate DeAllocate LayoutStats Clone"
)
_SERVER_V4 = (
    "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot "
    "Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH "
    "SecInfo SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner"
)
"""The operations in the order of their numbers; those that node-exporter does not tell are dashes."""
_PACKETS = "Total NFSd network packets (sent+received) by protocol type."
_CONNECTIONS = "Total number of NFSd TCP connections."


def nfs(roots: Roots, page: Page) -> None:
    """The client."""
    lines = _lines(needed(roots.proc("net/rpc/nfs")))
    _, udp, tcp, connections = lines["net"][:4]
    page.counter("node_nfs_packets_total", _PACKETS, udp, protocol="udp")
    page.counter("node_nfs_packets_total", _PACKETS, tcp, protocol="tcp")
    page.counter("node_nfs_connections_total", _CONNECTIONS, connections)
    calls, again, refreshes = lines["rpc"][:3]
    page.counter("node_nfs_rpcs_total", "Total number of RPCs performed.", calls)
    page.counter("node_nfs_rpc_retransmissions_total", "Number of RPC transmissions performed.", again)
    text = "Number of RPC authentication refreshes performed."
    page.counter("node_nfs_rpc_authentication_refreshes_total", text, refreshes)
    text = "Number of NFS procedures invoked."
    for version, names in (("2", _V2), ("3", _V3), ("4", _CLIENT_V4)):
        _operations(page, ("node_nfs_requests_total", text), version, names.split(), lines.get(f"proc{version}", []))


def nfsd(roots: Roots, page: Page) -> None:
    """The server."""
    lines = _lines(needed(roots.proc("net/rpc/nfsd")))
    _server(page, lines)
    _, udp, tcp, connections = lines["net"][:4]
    page.counter("node_nfsd_packets_total", _PACKETS, udp, proto="udp")
    page.counter("node_nfsd_packets_total", _PACKETS, tcp, proto="tcp")
    page.counter("node_nfsd_connections_total", _CONNECTIONS, connections)
    calls, _, malformed, unauthorized, internal = lines["rpc"][:5]
    text = "Total number of NFSd RPC errors by error type."
    for error, count in (("fmt", malformed), ("auth", unauthorized), ("cInt", internal)):
        page.counter("node_nfsd_rpc_errors_total", text, count, error=error)
    page.counter("node_nfsd_server_rpcs_total", "Total number of NFSd RPCs.", calls)
    family = ("node_nfsd_requests_total", "Total number NFSd Requests by method and protocol.")
    _operations(page, family, "2", ["-", *_V2.split()[1:]], lines.get("proc2", []))
    _operations(page, family, "3", ["-", *_V3.split()[1:]], lines.get("proc3", []))
    _operations(page, family, "4", _SERVER_V4.split(), lines.get("proc4ops", []))
    asked = lines.get("wdeleg_getattr", [0])[0]
    page.counter(*family, asked, proto="4", method="WdelegGetattr")


def _server(page: Page, lines: dict[str, list[int]]) -> None:
    hits, misses, uncached = lines["rc"][:3]
    text = "Total number of NFSd Reply Cache"
    page.counter("node_nfsd_reply_cache_hits_total", f"{text} hits (client lost server response).", hits)
    help_ = f"{text} an operation that requires caching (idempotent)."
    page.counter("node_nfsd_reply_cache_misses_total", help_, misses)
    help_ = f"{text} non-idempotent operations (rename/delete/…)."
    page.counter("node_nfsd_reply_cache_nocache_total", help_, uncached)
    page.counter("node_nfsd_file_handles_stale_total", "Total number of NFSd stale file handles", lines["fh"][0])
    page.counter("node_nfsd_disk_bytes_read_total", "Total NFSd bytes read.", lines["io"][0])
    page.counter("node_nfsd_disk_bytes_written_total", "Total NFSd bytes written.", lines["io"][1])
    text = "Total number of NFSd kernel threads that are running."
    page.gauge("node_nfsd_server_threads", text, lines["th"][0])
    ahead = lines.get("ra", [0])
    text = "How large the read ahead cache is in blocks."
    page.gauge("node_nfsd_read_ahead_cache_size_blocks", text, ahead[0])
    text = "Total number of NFSd read ahead cache not found."
    page.counter("node_nfsd_read_ahead_cache_not_found_total", text, ahead[-1])


def _lines(text: str) -> dict[str, list[int]]:
    rows = (line.split() for line in text.splitlines() if line.strip())
    return {row[0]: [int(float(field)) for field in row[1:]] for row in rows}


def _operations(page: Page, family: tuple[str, str], version: str, names: Sequence[str], fields: list[int]) -> None:
    """`fields` begins with how many follow; operations that this kernel does not know count as 0."""
    values = fields[1:] + [0] * (len(names) + 1 - len(fields))
    for name, value in zip(names, values, strict=False):
        if name != "-":
            page.counter(*family, value, proto=version, method=name)
