"""Time: the wall clock, its zone and sources, and how well the kernel keeps it."""

from __future__ import annotations

import ctypes
import os
from datetime import UTC, datetime

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import NoData, Roots, numbered, word
from watchkeeper.base.clock import Clock

_TIME_ERROR = 5
_NANO = 0x2000
_PER_MICRO, _PER_NANO = 1e-6, 1e-9
_FRACTION = 1 / (1_000_000 * 65536.0)
"""The unit of frequencies: parts in a million, with 16 bits of fraction (adjtimex(2))."""


class WallClock:
    """The time of day and the clock sources."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, roots: Roots, page: Page) -> None:
        """Collect."""
        now_s = self._clock.now_ms() / 1000
        page.gauge("node_time_seconds", "System time in seconds since epoch (1970).", now_s)
        local = datetime.fromtimestamp(now_s, UTC).astimezone()
        offset = local.utcoffset()
        if offset is not None:
            text = "System time zone offset in seconds."
            zone = local.tzname() or ""
            page.gauge("node_time_zone_offset_seconds", text, offset.total_seconds(), time_zone=zone)
        for device, path in numbered(roots.sys("devices/system/clocksource"), "clocksource"):
            _sources(page, device, path)


def _sources(page: Page, device: str, path: str) -> None:
    where = "read from '/sys/devices/system/clocksource'."
    for source in (word(f"{path}/available_clocksource") or "").split():
        name, text = "node_time_clocksource_available_info", f"Available clocksources {where}"
        page.gauge(name, text, 1, device=device, clocksource=source)
    current = word(f"{path}/current_clocksource")
    if current is not None:
        name, text = "node_time_clocksource_current_info", f"Current clocksource {where}"
        page.gauge(name, text, 1, device=device, clocksource=current)


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time_s", ctypes.c_long),
        ("time_us", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


_GAUGES = (
    ("frequency_adjustment_ratio", "Local clock frequency adjustment.", "freq", _FRACTION),
    ("maxerror_seconds", "Maximum error in seconds.", "maxerror", _PER_MICRO),
    ("estimated_error_seconds", "Estimated error in seconds.", "esterror", _PER_MICRO),
    ("status", "Value of the status array bits.", "status", 1),
    ("loop_time_constant", "Phase-locked loop time constant.", "constant", 1),
    ("tick_seconds", "Seconds between clock ticks.", "tick", _PER_MICRO),
    ("pps_frequency_hertz", "Pulse per second frequency.", "ppsfreq", _FRACTION),
    ("pps_shift_seconds", "Pulse per second interval duration.", "shift", 1),
    ("pps_stability_hertz", "Pulse per second stability, average of recent frequency changes.", "stabil", _FRACTION),
    ("tai_offset_seconds", "International Atomic Time (TAI) offset.", "tai", 1),
)
_COUNTERS = (
    ("pps_jitter_total", "Pulse per second count of jitter limit exceeded events.", "jitcnt"),
    ("pps_calibration_total", "Pulse per second count of calibration intervals.", "calcnt"),
    ("pps_error_total", "Pulse per second count of calibration errors.", "errcnt"),
    ("pps_stability_exceeded_total", "Pulse per second count of stability limit exceeded events.", "stbcnt"),
)


def timex(roots: Roots, page: Page) -> None:
    """How the kernel disciplines its clock, from adjtimex(2), which only asks here."""
    said = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(said))
    if state < 0:
        error = ctypes.get_errno()
        raise NoData(f"the kernel does not tell of its clock: {os.strerror(error)}")
    unit = _PER_NANO if said.status & _NANO else _PER_MICRO
    text = "Is clock synchronized to a reliable server (1 = yes, 0 = no)."
    page.gauge("node_timex_sync_status", text, int(state != _TIME_ERROR))
    text = "Time offset in between local system and reference clock."
    page.gauge("node_timex_offset_seconds", text, said.offset * unit)
    page.gauge("node_timex_pps_jitter_seconds", "Pulse per second jitter.", said.jitter * unit)
    for metric, text, name, scale in _GAUGES:
        value = getattr(said, name) * scale
        page.gauge(f"node_timex_{metric}", text, 1 + value if name == "freq" else value)
    for metric, text, name in _COUNTERS:
        page.counter(f"node_timex_{metric}", text, getattr(said, name))
