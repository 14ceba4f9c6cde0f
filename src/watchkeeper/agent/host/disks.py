"""Block devices: /proc/diskstats, and what udev knows of them."""

from __future__ import annotations

import re

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, number, read, word

_IGNORED = re.compile(r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$")
_SECTOR_BYTES, _PER_MS = 512, 0.001
_COLUMNS: tuple[tuple[str, str, float], ...] = (
    ("reads_completed_total", "The total number of reads completed successfully.", 1),
    ("reads_merged_total", "The total number of reads merged.", 1),
    ("read_bytes_total", "The total number of bytes read successfully.", _SECTOR_BYTES),
    ("read_time_seconds_total", "The total number of seconds spent by all reads.", _PER_MS),
    ("writes_completed_total", "The total number of writes completed successfully.", 1),
    ("writes_merged_total", "The number of writes merged.", 1),
    ("written_bytes_total", "The total number of bytes written successfully.", _SECTOR_BYTES),
    ("write_time_seconds_total", "This is the total number of seconds spent by all writes.", _PER_MS),
    ("io_now", "The number of I/Os currently in progress.", 1),
    ("io_time_seconds_total", "Total seconds spent doing I/Os.", _PER_MS),
    ("io_time_weighted_seconds_total", "The weighted # of seconds spent doing I/Os.", _PER_MS),
    ("discards_completed_total", "The total number of discards completed successfully.", 1),
    ("discards_merged_total", "The total number of discards merged.", 1),
    ("discarded_sectors_total", "The total number of sectors discarded successfully.", 1),
    ("discard_time_seconds_total", "This is the total number of seconds spent by all discards.", _PER_MS),
    ("flush_requests_total", "The total number of flush requests completed successfully", 1),
    ("flush_requests_time_seconds_total", "This is the total number of seconds spent by all flush requests.", _PER_MS),
)
_ATA = {
    "ID_ATA_WRITE_CACHE": ("ata_write_cache", "ATA disk has a write cache."),
    "ID_ATA_WRITE_CACHE_ENABLED": ("ata_write_cache_enabled", "ATA disk has its write cache enabled."),
    "ID_ATA_ROTATION_RATE_RPM": ("ata_rotation_rate_rpm", "ATA disk rotation rate in RPMs (0 for SSDs)."),
}


def diskstats(roots: Roots, page: Page) -> None:
    """Reads, writes and waiting by device."""
    for line in read(roots.proc("diskstats")).splitlines():
        major, minor, device, *fields = line.split()
        if _IGNORED.match(device):
            continue
        known = _udev(roots, major, minor)
        _info(roots, page, device, (major, minor), known)
        for (metric, text, unit), field in zip(_COLUMNS, fields, strict=False):
            tell = page.gauge if metric == "io_now" else page.counter
            tell(f"node_disk_{metric}", text, int(field) * unit, device=device)
        _layers(roots, page, device, known)


def _udev(roots: Roots, major: str, minor: str) -> dict[str, str]:
    text = word(f"{roots.udev}/b{major}:{minor}") or ""
    pairs = (line[2:].partition("=") for line in text.splitlines() if line.startswith("E:"))
    return {name: value for name, _, value in pairs}


def _info(roots: Roots, page: Page, device: str, numbers: tuple[str, str], known: dict[str, str]) -> None:
    serial = known.get("SCSI_IDENT_SERIAL") or known.get("ID_SERIAL_SHORT") or known.get("ID_SERIAL", "")
    page.gauge(
        "node_disk_info",
        "Info of /sys/block/<block_device>.",
        1,
        device=device,
        major=numbers[0],
        minor=numbers[1],
        path=known.get("ID_PATH", ""),
        wwn=known.get("ID_WWN", ""),
        model=known.get("ID_MODEL", ""),
        serial=serial,
        revision=known.get("ID_REVISION", ""),
        rotational=str(number(roots.sys(f"block/{device}/queue/rotational")) or 0),
    )


def _layers(roots: Roots, page: Page, device: str, known: dict[str, str]) -> None:
    """What lies on the device and below it, as far as udev knows."""
    if known.get("ID_FS_TYPE"):
        page.gauge(
            "node_disk_filesystem_info",
            "Info about disk filesystem.",
            1,
            device=device,
            type=known["ID_FS_TYPE"],
            usage=known.get("ID_FS_USAGE", ""),
            uuid=known.get("ID_FS_UUID", ""),
            version=known.get("ID_FS_VERSION", ""),
        )
    if known.get("DM_NAME"):
        page.gauge(
            "node_disk_device_mapper_info",
            "Info about disk device mapper.",
            1,
            device=device,
            name=known["DM_NAME"],
            uuid=known.get("DM_UUID", ""),
            vg_name=known.get("DM_VG_NAME", ""),
            lv_name=known.get("DM_LV_NAME", ""),
            lv_layer=known.get("DM_LV_LAYER", ""),
        )
    for attribute, (metric, text) in _ATA.items() if known.get("ID_ATA") else ():
        if attribute in known:
            page.gauge(f"node_disk_{metric}", text, float(known[attribute]), device=device)
