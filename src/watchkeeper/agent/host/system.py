"""The operating system: its name and version, entropy, file descriptors, SELinux, hung tasks."""

from __future__ import annotations

import os
import re
import shlex
from datetime import UTC, datetime

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots, needed, number, read, word

_RELEASE_LABELS = [
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
]
_MAJOR_MINOR = re.compile(r"[0-9]+\.?[0-9]*")
_MODES = {"enforcing": 1, "permissive": 0, "disabled": -1}


def uname(roots: Roots, page: Page) -> None:
    """The kernel's name and version."""
    said = os.uname()
    page.gauge(
        "node_uname_info",
        "Labeled system information as provided by the uname system call.",
        1,
        sysname=said.sysname,
        release=said.release,
        version=said.version,
        machine=said.machine,
        nodename=said.nodename,
        domainname=word(roots.proc("sys/kernel/domainname")) or "",
    )


def os_release(roots: Roots, page: Page) -> None:
    """The distribution, from os-release(5)."""
    try:
        text = needed(roots.root("/etc/os-release"))
    except NoData:
        text = needed(roots.root("/usr/lib/os-release"))
    said = _assignments(text)
    labels = {label: said.get(label.upper(), "") for label in _RELEASE_LABELS}
    help_ = f"A metric with a constant '1' value labeled by {', '.join(_RELEASE_LABELS)}."
    page.gauge("node_os_info", help_, 1, **labels)
    number_ = _MAJOR_MINOR.match(labels["version_id"])
    if number_ is not None and float(number_[0]) > 0:
        help_ = "Metric containing the major.minor part of the OS version."
        shown = {label: labels[label] for label in ("id", "id_like", "name")}
        page.gauge("node_os_version", help_, float(number_[0]), **shown)
    if "SUPPORT_END" in said:
        end = datetime.strptime(said["SUPPORT_END"], "%Y-%m-%d").replace(tzinfo=UTC)
        help_ = "Metric containing the end-of-life date timestamp of the OS."
        page.gauge("node_os_support_end_timestamp_seconds", help_, end.timestamp())


def _assignments(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): "".join(shlex.split(value)[:1]) for name, _, value in pairs}


def entropy(roots: Roots, page: Page) -> None:
    """The kernel's random numbers."""
    needed(roots.proc("sys/kernel/random/entropy_avail"))
    for file, metric, text in (
        ("entropy_avail", "available_bits", "Bits of available entropy."),
        ("poolsize", "pool_size_bits", "Bits of entropy pool."),
    ):
        value = number(roots.proc(f"sys/kernel/random/{file}"))
        if value is not None:
            page.gauge(f"node_entropy_{metric}", text, value)


def filefd(roots: Roots, page: Page) -> None:
    """Open files of the whole machine."""
    allocated, _, maximum = read(roots.proc("sys/fs/file-nr")).split()
    for state, value in (("allocated", allocated), ("maximum", maximum)):
        page.gauge(f"node_filefd_{state}", f"File descriptor statistics: {state}.", float(value))


def kernel_hung(roots: Roots, page: Page) -> None:
    """Tasks that the kernel found hanging."""
    count = int(needed(roots.proc("sys/kernel/hung_task_detect_count")))
    text = "Total number of tasks that have been detected as hung since the system booted."
    page.counter("node_kernel_hung_tasks_total", text, count)


def selinux(roots: Roots, page: Page) -> None:
    """Whether SELinux is enabled, its modes, and how its cache of decisions fares."""
    folder = roots.sys("fs/selinux")
    enforcing = number(f"{folder}/enforce")
    text = "SELinux is enabled, 1 is true, 0 is false"
    page.gauge("node_selinux_enabled", text, int(enforcing is not None))
    if enforcing is None:
        return
    configured = _assignments(word(roots.root("/etc/selinux/config")) or "").get("SELINUX", "")
    mode = _MODES.get(configured, -1)
    page.gauge("node_selinux_config_mode", "Configured SELinux enforcement mode", mode)
    page.gauge("node_selinux_current_mode", "Current SELinux enforcement mode", enforcing)
    names, *rows = (line.split() for line in read(f"{folder}/avc/cache_stats").splitlines())
    for place, name in enumerate(names):
        total = sum(int(row[place]) for row in rows)
        page.counter(f"node_selinux_avc_{name}_total", f"SELinux AVC {name}", total)
    _hashes(page, read(f"{folder}/avc/hash_stats"))
    threshold = int(read(f"{folder}/avc/cache_threshold"))
    page.gauge("node_selinux_avc_threshold", "SELinux AVC threshold", threshold)


def _hashes(page: Page, text: str) -> None:
    said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
    used, _, available = said["buckets used"].partition("/")
    for metric, value in (
        ("hash_entries", said["entries"]),
        ("hash_buckets_available", available),
        ("hash_buckets_used", used),
        ("hash_longest_chain", said["longest chain"]),
    ):
        page.gauge(f"node_selinux_avc_{metric}", f"SELinux AVC {metric.replace('_', ' ')}", int(value))


def textfile(roots: Roots, page: Page) -> None:
    """Without a folder of text files there is nothing to read, and so no error."""
    page.gauge("node_textfile_scrape_error", "1 if there was an error opening or reading a file, 0 otherwise", 0)
