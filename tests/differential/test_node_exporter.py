"""Our host collector beside the real node-exporter: on this machine, and on a recorded one with nearly every hardware.

Families (type and help), label sets and values are compared, each difference that is meant stands here with its reason.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from watchkeeper.agent.host import Host, Roots
from watchkeeper.base.clock import SystemClock

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "agent"))

from recorded_machines import Said, plant, read_page

NODE_EXPORTER = shutil.which("prometheus-node-exporter") or "prometheus-node-exporter is missing"

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        not Path(NODE_EXPORTER).exists(), reason="prometheus-node-exporter is missing: `make peers` unpacks it"
    ),
]

NOT_OF_THE_MACHINE = re.compile(r"^(go_|process_|promhttp_|node_exporter_build_info)")
"""What the exporter says of its own process."""
COLLECTORS_LEFT_OUT = {
    "bcache": "a cache that hardly anybody runs; nothing is told of it",
    "bcachefs": "left the kernel in 2025",
    "systemd": "not among upstream's defaults, Debian's build alone switches it on; it needs D-Bus",
}
NEWER_MEMORY_FIELDS = re.compile(
    r"^node_memory_(Balloon|FileHugePages|FilePmdMapped|Hugetlb|KReclaimable|SecPageTables|Unaccepted|GPU\w+)_bytes$"
)
"""Fields of /proc/meminfo that this version does not know; earlier ones told all that there are, as we do."""
ROTATIONAL = "node_disk_info"
"""The exporter says rotational="0" wherever a kernel lacks one of the other queue files that its library reads."""
OWN_TIMING = "node_scrape_collector_duration_seconds"
GAUGES_THAT_JUMP = re.compile(
    r"^node_(procs_(running|blocked)|sockstat_.*|load\d+|memory_.*|filefd_allocated|disk_io_now|nf_conntrack_entries"
    r"|udp_queues|netstat_Tcp_CurrEstab|arp_entries|filesystem_(avail|free)_bytes|filesystem_files_free|entropy.*"
    r"|timex_.*|softnet_backlog_len|cpu_(scaling_)?frequency_hertz|hwmon_.*|thermal_.*|cooling_.*)$"
)
"""Their values are compared on the recorded machine alone, where nothing moves."""

MOVING = re.compile(
    rf"^({OWN_TIMING}|node_time_seconds|node_timex_.*|node_filesystem_(avail|free)_bytes|.*_files_free)$"
)
"""What moves on the recorded machine, too: it comes from system calls."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one of the two said: (type, help) by family, and samples."""

    families: dict[str, tuple[str, str]]
    samples: Said

    @classmethod
    def of(cls, body: bytes) -> Page:
        families: dict[str, tuple[str, str]] = {}
        for family in text_string_to_metric_families(body.decode()):
            families |= {sample.name: (family.type, family.documentation) for sample in family.samples}
        samples = {key: value for key, value in read_page(body).items() if not _is_left_out(*key)}
        return cls({name: what for name, what in families.items() if not NOT_OF_THE_MACHINE.match(name)}, samples)


def _is_left_out(name: str, labels: tuple[tuple[str, str], ...]) -> bool:
    return bool(NOT_OF_THE_MACHINE.match(name)) or dict(labels).get("collector") in COLLECTORS_LEFT_OUT


@contextmanager
def node_exporter(folder: Path, *flags: str) -> Iterator[str]:
    """The URL of the real one's page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [NODE_EXPORTER, f"--web.listen-address={address}", "--collector.textfile.directory=", *flags]
    with (folder / "node_exporter.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://{address}/metrics"
    finally:
        process.terminate()
        process.wait(timeout=30)


def fetch(url: str) -> Page:
    """The page, as soon as the exporter listens."""
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return Page.of(answer.read())
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_this_machine_is_told_as_node_exporter_tells_it(tmp_path, record_property):
    host = Host(Roots(), SystemClock())
    with node_exporter(tmp_path) as url:
        before, ours, after = fetch(url), Page.of(host.collect()), fetch(url)
    record_property("compared", f"{_version()}: {len(after.families)} families, {len(after.samples)} samples")
    extra = {name for name in ours.families if NEWER_MEMORY_FIELDS.match(name)}
    assert {n: w for n, w in ours.families.items() if n not in extra} == after.families
    assert _label_sets(ours, extra) == _label_sets(after, extra)
    between = {
        key: (before.samples[key], ours.samples[key], after.samples[key])
        for key in ours.samples.keys() & before.samples.keys() & after.samples.keys()
        if key[0] != OWN_TIMING and not GAUGES_THAT_JUMP.match(key[0])
    }
    assert len(between) > 300
    assert {key: values for key, values in between.items() if not _is_between(*values)} == {}


def test_a_recorded_machine_is_told_as_node_exporter_tells_it(tmp_path, record_property):
    roots = plant("server", tmp_path)
    flags = (f"--path.procfs={roots.procfs}", f"--path.sysfs={roots.sysfs}", f"--path.rootfs={roots.rootfs}")
    # Netlink would tell of this machine's interfaces.
    recorded = (f"--path.udev.data={roots.udev}", "--no-collector.netdev.netlink", "--no-collector.arp.netlink")
    with node_exporter(tmp_path, *flags, *recorded) as url:
        theirs, ours = fetch(url), Page.of(Host(roots, SystemClock()).collect())
    record_property("compared", f"{_version()}: {len(theirs.families)} families, {len(theirs.samples)} samples")
    assert ours.families == theirs.families
    assert ours.samples.keys() == theirs.samples.keys()
    different = {
        key: (value, theirs.samples[key])
        for key, value in ours.samples.items()
        if not MOVING.match(key[0]) and value != pytest.approx(theirs.samples[key], rel=1e-12)
    }
    assert different == {}


def _label_sets(page: Page, without: set[str]) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (name, tuple(pair for pair in labels if name != ROTATIONAL or pair[0] != "rotational"))
        for name, labels in page.samples
        if name not in without
    }


def _is_between(before: float, ours: float, after: float) -> bool:
    """Counters only grow, so ours lies between the two of theirs; what stands still is the same.

    Rates are rounded differently in the last digits, and processor times are told from a memory of the highest.
    """
    slack = 1e-9 * max(abs(before), abs(after)) + 1e-9
    return min(before, after) - slack <= ours <= max(before, after) + slack


def _version() -> str:
    out = subprocess.run([NODE_EXPORTER, "--version"], capture_output=True, text=True, check=True, timeout=30)
    return (out.stdout or out.stderr).split("\n")[0]
