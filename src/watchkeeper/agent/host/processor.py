"""Processors and the scheduler: /proc/stat, load, pressure, frequencies."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots, needed, number, numbered, read, word

_TICKS = 100.0
"""USER_HZ, the unit of /proc/stat: 100 on every architecture that Linux supports."""
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_IDLE = _MODES.index("idle")
_JUMP_S = 3.0
_SECONDS = "Seconds the CPUs spent in each mode."
_GUEST = "Seconds the CPUs spent in guests (VMs) for each mode."
_STAT = {
    "intr": ("counter", "node_intr_total", "Total number of interrupts serviced."),
    "ctxt": ("counter", "node_context_switches_total", "Total number of context switches."),
    "processes": ("counter", "node_forks_total", "Total number of forks."),
    "btime": ("gauge", "node_boot_time_seconds", "Node boot time, in unixtime."),
    "procs_running": ("gauge", "node_procs_running", "Number of processes in runnable state."),
    "procs_blocked": ("gauge", "node_procs_blocked", "Number of processes blocked waiting for I/O to complete."),
}
_FREQUENCIES = {
    "cpuinfo_cur_freq": ("frequency_hertz", "Current CPU thread frequency in hertz."),
    "cpuinfo_min_freq": ("frequency_min_hertz", "Minimum CPU thread frequency in hertz."),
    "cpuinfo_max_freq": ("frequency_max_hertz", "Maximum CPU thread frequency in hertz."),
    "scaling_cur_freq": ("scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz."),
    "scaling_min_freq": ("scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz."),
    "scaling_max_freq": ("scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz."),
}
_SCHEDSTAT = (
    ("running_seconds", "Number of seconds CPU spent running a process.", 1e9),
    ("waiting_seconds", "Number of seconds spent by processing waiting for this CPU.", 1e9),
    ("timeslices", "Number of timeslices executed by CPU.", 1),
)
_PRESSURE = {
    "cpu": {"some": ("cpu_waiting", "Total time in seconds that processes have waited for CPU time")},
    "io": {
        "some": ("io_waiting", "Total time in seconds that processes have waited due to IO congestion"),
        "full": ("io_stalled", "Total time in seconds no process could make progress due to IO congestion"),
    },
    "memory": {
        "some": ("memory_waiting", "Total time in seconds that processes have waited for memory"),
        "full": ("memory_stalled", "Total time in seconds no process could make progress due to memory congestion"),
    },
    "irq": {"full": ("irq_stalled", "Total time in seconds no process could make progress due to IRQ congestion")},
}


class CPU:
    """Time by mode, throttling, which processors are online or isolated.

    The kernel's idle and iowait counters can step back a little; what is told never does, unless a processor was
    taken away and came back.
    """

    def __init__(self) -> None:
        self._told: dict[str, list[float]] = {}

    def __call__(self, roots: Roots, page: Page) -> None:
        """Collect."""
        for line in read(roots.proc("stat")).splitlines():
            if line.startswith("cpu") and line[3:4].isdecimal():
                name, *fields = line.split()
                self._times(page, name[3:], [int(field) / _TICKS for field in fields])
        _isolated(roots, page)
        _throttles(roots, page)
        _online(roots, page)

    def _times(self, page: Page, cpu: str, fresh: list[float]) -> None:
        fresh += [0.0] * (10 - len(fresh))
        told = self._told.get(cpu)
        if told is not None and told[_IDLE] - fresh[_IDLE] < _JUMP_S:
            fresh = [max(old, new) for old, new in zip(told, fresh, strict=False)]
        self._told[cpu] = fresh
        for mode, seconds in zip(_MODES, fresh, strict=False):
            page.counter("node_cpu_seconds_total", _SECONDS, seconds, cpu=cpu, mode=mode)
        page.counter("node_cpu_guest_seconds_total", _GUEST, fresh[8], cpu=cpu, mode="user")
        page.counter("node_cpu_guest_seconds_total", _GUEST, fresh[9], cpu=cpu, mode="nice")


def _isolated(roots: Roots, page: Page) -> None:
    text = "Whether each core is isolated, information from /sys/devices/system/cpu/isolated."
    for part in filter(None, (word(roots.sys("devices/system/cpu/isolated")) or "").split(",")):
        first, _, last = part.partition("-")
        for cpu in range(int(first), int(last or first) + 1):
            page.gauge("node_cpu_isolated", text, 1, cpu=str(cpu))


def _throttles(roots: Roots, page: Page) -> None:
    packages: set[int] = set()
    cores: set[tuple[int, int]] = set()
    for _, path in numbered(roots.sys("devices/system/cpu"), "cpu"):
        package = number(f"{path}/topology/physical_package_id")
        core = number(f"{path}/topology/core_id")
        if package is None or core is None:
            continue
        count = number(f"{path}/thermal_throttle/core_throttle_count")
        if (package, core) not in cores and count is not None:
            cores.add((package, core))
            text = "Number of times this CPU core has been throttled."
            page.counter("node_cpu_core_throttles_total", text, count, package=str(package), core=str(core))
        count = number(f"{path}/thermal_throttle/package_throttle_count")
        if package not in packages and count is not None:
            packages.add(package)
            text = "Number of times this CPU package has been throttled."
            page.counter("node_cpu_package_throttles_total", text, count, package=str(package))


def _online(roots: Roots, page: Page) -> None:
    folder = roots.sys("devices/system/cpu")
    if number(f"{folder}/cpu0/online") is None:
        return  # Where the first processor cannot be taken away, node-exporter leaves the metric out.
    for cpu, path in numbered(folder, "cpu"):
        online = number(f"{path}/online")
        if online is not None:
            page.gauge("node_cpu_online", "CPUs that are online and being scheduled.", online, cpu=cpu)


def cpufreq(roots: Roots, page: Page) -> None:
    """Frequencies and governors; sysfs counts in kHz."""
    for cpu, path in numbered(roots.sys("devices/system/cpu"), "cpu"):
        for file, (metric, text) in _FREQUENCIES.items():
            value = number(f"{path}/cpufreq/{file}")
            if value is not None:
                page.gauge(f"node_cpu_{metric}", text, value * 1000.0, cpu=cpu)
        governor = word(f"{path}/cpufreq/scaling_governor")
        for name in (word(f"{path}/cpufreq/scaling_available_governors") or "").split() if governor else ():
            text = "Current enabled CPU frequency governor."
            page.gauge("node_cpu_scaling_governor", text, int(name == governor), cpu=cpu, governor=name)


def loadavg(roots: Roots, page: Page) -> None:
    """The load averages."""
    fields = read(roots.proc("loadavg")).split()
    for minutes, value in zip((1, 5, 15), fields[:3], strict=True):
        page.gauge(f"node_load{minutes}", f"{minutes}m load average.", float(value))


def stat(roots: Roots, page: Page) -> None:
    """What the kernel counts since boot: interrupts, forks …"""
    for line in read(roots.proc("stat")).splitlines():
        key, _, rest = line.partition(" ")
        if key in _STAT:
            kind, name, text = _STAT[key]
            value = int(rest.split(" ", 1)[0])
            page.counter(name, text, value) if kind == "counter" else page.gauge(name, text, value)


def schedstat(roots: Roots, page: Page) -> None:
    """How long tasks ran on each processor and waited for it; the kernel counts in ns."""
    for line in needed(roots.proc("schedstat")).splitlines():
        fields = line.split()
        if len(fields) < 10 or not fields[0].startswith("cpu"):
            continue
        cpu = fields[0][3:]
        for field, (metric, text, unit) in zip(fields[7:10], _SCHEDSTAT, strict=True):
            page.counter(f"node_schedstat_{metric}_total", text, int(field) / unit, cpu=cpu)


def pressure(roots: Roots, page: Page) -> None:
    """Pressure stall information; the kernel counts in µs."""
    for resource, metrics in _PRESSURE.items():
        try:
            text = needed(roots.proc(f"pressure/{resource}"))
        except NoData:
            if resource == "irq":  # Newer than the others, and an option of its own.
                continue
            raise
        except OSError as error:
            if error.errno == errno.EOPNOTSUPP:
                raise NoData(
                    "pressure stall information is switched off (psi=1 on the kernel's command line)"
                ) from None
            raise
        _stalls(page, text, metrics)


def _stalls(page: Page, text: str, metrics: Mapping[str, tuple[str, str]]) -> None:
    totals = {line.split()[0]: line.rpartition("total=")[2] for line in text.splitlines() if line.strip()}
    for share, (metric, help_) in metrics.items():
        if share in totals:
            page.counter(f"node_pressure_{metric}_seconds_total", help_, int(totals[share]) / 1e6)
