"""SCSI tapes."""

from __future__ import annotations

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, needed_entries, read

_WAITING = "The amount of time spent waiting for"
_COUNTERS: tuple[tuple[str, str, str, float], ...] = (
    (
        "io_ns",
        "io_time_seconds_total",
        f"{_WAITING} all I/O to complete (including read and write). This includes tape movement commands such as "
        "seeking between file or set marks and implicit tape movement such as when rewind on close tape devices are "
        "used.",
        1e-9,
    ),
    (
        "other_cnt",
        "io_others_total",
        "The number of I/Os issued to the tape drive other than read or write commands. The time taken to complete "
        "these commands uses the following calculation "
        "io_time_seconds_total-read_time_seconds_total-write_time_seconds_total",
        1,
    ),
    ("read_byte_cnt", "read_bytes_total", "The number of bytes read from the tape drive.", 1),
    ("read_cnt", "reads_completed_total", "The number of read requests issued to the tape drive.", 1),
    ("read_ns", "read_time_seconds_total", f"{_WAITING} read requests to complete.", 1e-9),
    (
        "resid_cnt",
        "residual_total",
        "The number of times during a read or write we found the residual amount to be non-zero. This should mean "
        "that a program is issuing a read larger thean the block size on tape. For write not all data made it to tape.",
        1,
    ),
    ("write_byte_cnt", "written_bytes_total", "The number of bytes written to the tape drive.", 1),
    ("write_cnt", "writes_completed_total", "The number of write requests issued to the tape drive.", 1),
    ("write_ns", "write_time_seconds_total", f"{_WAITING} write requests to complete.", 1e-9),
)


def tapestats(roots: Roots, page: Page) -> None:
    """What each drive read, wrote and waited for. Only `st0` and its like count: each drive has several names."""
    folder = roots.sys("class/scsi_tape")
    for device in needed_entries(folder):
        if not (device.startswith("st") and device[2:].isdecimal()):
            continue
        stats = f"{folder}/{device}/stats"
        text = "The number of I/Os currently outstanding to this device."
        page.gauge("node_tape_io_now", text, int(read(f"{stats}/in_flight")), device=device)
        for file, metric, text, unit in _COUNTERS:
            page.counter(f"node_tape_{metric}", text, int(read(f"{stats}/{file}")) * unit, device=device)
