"""Memory: /proc/meminfo and /proc/vmstat."""

from __future__ import annotations

import re

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, read

_VMSTAT = re.compile(r"^(oom_kill|pgpg|pswp|pg.*fault).*")


def meminfo(roots: Roots, page: Page) -> None:
    """Each field of /proc/meminfo, in bytes where it is a size."""
    for line in read(roots.proc("meminfo")).splitlines():
        key, _, rest = line.partition(":")
        value, *unit = rest.split()
        name = key.replace("(", "_").replace(")", "") + ("_bytes" if unit else "")
        size = int(value) * 1024 if unit else int(value)
        page.gauge(f"node_memory_{name}", f"Memory information field {name}.", size)


def vmstat(roots: Roots, page: Page) -> None:
    """Paging and swapping."""
    for line in read(roots.proc("vmstat")).splitlines():
        key, _, value = line.partition(" ")
        if _VMSTAT.match(key):
            page.untyped(f"node_vmstat_{key}", f"/proc/vmstat information field {key}.", int(value))
