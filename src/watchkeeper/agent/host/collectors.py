"""The collectors by node-exporter's names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.agent.host import (
    arrays,
    btrfs,
    disks,
    fabrics,
    hardware,
    interfaces,
    ipvs,
    memory,
    nfs,
    nvme,
    portable,
    processor,
    protocols,
    sensors,
    system,
    tapes,
    xfs,
    zfs,
)
from watchkeeper.agent.host.clocks import WallClock, timex
from watchkeeper.agent.host.filesystems import Filesystems
from watchkeeper.agent.host.mounts import Mounts
from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots
from watchkeeper.base.clock import Clock

Collect: TypeAlias = Callable[[Roots, Page], None]


@dataclass(frozen=True, slots=True)
class Collector:
    """One subject. `collect` adds to the page; raises NoData, or anything where a file is not as it should be."""

    name: str
    collect: Collect


def collectors(clock: Clock, platform: str = sys.platform) -> Sequence[Collector]:
    """The collectors for a platform, sorted by name, with memories of their own."""
    found = _linux(clock) if platform == "linux" else _portable(clock)
    return [Collector(name, found[name]) for name in sorted(found)]


def _linux(clock: Clock) -> dict[str, Collect]:
    return {
        "arp": interfaces.arp,
        "bonding": interfaces.bonding,
        "btrfs": btrfs.btrfs,
        "conntrack": protocols.conntrack,
        "cpu": processor.CPU(),
        "cpufreq": processor.cpufreq,
        "diskstats": disks.diskstats,
        "dmi": hardware.dmi,
        "edac": hardware.edac,
        "entropy": system.entropy,
        "fibrechannel": fabrics.fibrechannel,
        "filefd": system.filefd,
        "filesystem": Filesystems(Mounts(clock)),
        "hwmon": sensors.hwmon,
        "infiniband": fabrics.infiniband,
        "ipvs": ipvs.ipvs,
        "kernel_hung": system.kernel_hung,
        "loadavg": processor.loadavg,
        "mdadm": arrays.mdadm,
        "meminfo": memory.meminfo,
        "netclass": interfaces.netclass,
        "netdev": interfaces.netdev,
        "netstat": protocols.netstat,
        "nvme": nvme.nvme,
        "nfs": nfs.nfs,
        "nfsd": nfs.nfsd,
        "os": system.os_release,
        "powersupplyclass": hardware.powersupplyclass,
        "pressure": processor.pressure,
        "rapl": hardware.rapl,
        "schedstat": processor.schedstat,
        "selinux": system.selinux,
        "sockstat": protocols.sockstat,
        "softnet": protocols.softnet,
        "stat": processor.stat,
        "tapestats": tapes.tapestats,
        "textfile": system.textfile,
        "thermal_zone": hardware.thermal_zone,
        "time": WallClock(clock),
        "timex": timex,
        "udp_queues": protocols.udp_queues,
        "uname": system.uname,
        "vmstat": memory.vmstat,
        "watchdog": hardware.watchdog,
        "xfs": xfs.xfs,
        "zfs": zfs.zfs,
    }


def _portable(clock: Clock) -> dict[str, Collect]:
    return {
        "boottime": portable.boottime,
        "cpu": portable.cpu,
        "diskstats": portable.diskstats,
        "filesystem": portable.Filesystems(Mounts(clock)),
        "loadavg": portable.loadavg,
        "meminfo": portable.meminfo,
        "netdev": portable.netdev,
        "time": WallClock(clock),
        "uname": portable.uname,
    }
